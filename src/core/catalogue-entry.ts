/** Texts of one code. `{name}` stands for a parameter. */
export interface Entry {
  readonly en: string;
  readonly ru: string;
}
