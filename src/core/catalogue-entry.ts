/** What a user can do about a refusal: correct the entry, ask support, or ask the administrator. */
export type Advice = 'correct' | 'support' | 'administrator';

/** Texts of one code in English and Russian. `{name}` stands for a parameter of the problem. */
export interface Entry {
  readonly en: string;
  readonly ru: string;
  /** The advice printed at the end of the message; absent: the text itself names the way out. */
  readonly advice?: Advice;
}
