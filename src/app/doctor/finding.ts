/** The result of one check. */
export interface Finding {
  /** What was checked, in one or two words. */
  readonly check: string;
  /**
   * `problem`: edits are refused or not sent to the central, or will be. `warning`: edits work, but something
   * is wrong. `note`: something worth knowing.
   */
  readonly state: 'ok' | 'note' | 'warning' | 'problem';
  readonly text: string;
  /** What the administrator can do; null: nothing has to be done. */
  readonly wayOut: string | null;
}

export function ok(check: string, text: string): Finding {
  return { check, state: 'ok', text, wayOut: null };
}

export function note(check: string, text: string, wayOut: string | null = null): Finding {
  return { check, state: 'note', text, wayOut };
}

export function warning(check: string, text: string, wayOut: string): Finding {
  return { check, state: 'warning', text, wayOut };
}

export function problemFound(check: string, text: string, wayOut: string): Finding {
  return { check, state: 'problem', text, wayOut };
}
