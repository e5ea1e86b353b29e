const passing: ReadonlySet<string> = new Set([
  'central.unreachable',
  'central.certificate',
  'central.login',
  'central.login-blocked',
  'central.breaker-open',
  'central.garbled',
  'central.zone-failing',
  'central.list-cut',
  'edit.busy',
]);

/** Whether a problem of this code may go away by itself, so that the same is worth trying again. */
export function isPassing(code: string): boolean {
  return passing.has(code);
}
