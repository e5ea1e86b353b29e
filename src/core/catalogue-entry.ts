/** What a user can do about a refusal whose text does not say it already. */
export type Advice = 'correct' | 'support' | 'administrator';

/** Texts of one code. `{name}` stands for a parameter. */
export interface Entry {
  readonly en: string;
  readonly ru: string;
  /** Said after what was and was not changed; absent where the text itself tells the way out. */
  readonly advice?: Advice;
}
