/** What a user can do about a refusal: correct the entry, ask support, or ask the administrator. */
export type Advice = 'correct' | 'support' | 'administrator';

/** Texts of one code in English and Russian. `{name}` stands for a parameter of the problem. */
export interface Entry {
  readonly en: string;
  readonly ru: string;
  /** The advice printed at the end of the message. Absent: the text itself says what the user can do. */
  readonly advice?: Advice;
}
