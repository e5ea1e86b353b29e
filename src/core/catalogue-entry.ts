/** What a user can do about a refusal: correct the entry, ask support or the administrator, or try again. */
export type Advice = 'correct' | 'support' | 'administrator' | 'retry';

/** Texts of one code in English and Russian. `{name}` stands for a parameter of the problem. */
export interface Entry {
  readonly en: string;
  readonly ru: string;
  /**
   * The advice printed at the end of the message. Absent: `en` and `ru` themselves say what the user can do.
   */
  readonly advice?: Advice;
}
