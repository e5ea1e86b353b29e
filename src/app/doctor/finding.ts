/** The result of one check. */
export interface Finding {
  /** What was checked, one word or two. */
  readonly check: string;
  /**
   * `problem`: edits are or will be refused or not mirrored. `warning`: edits work, but something is wrong.
   * `note`: worth knowing.
   */
  readonly state: 'ok' | 'note' | 'warning' | 'problem';
  readonly text: string;
  /** What the administrator can do; null: nothing to do. */
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
