const passing: ReadonlySet<string> = new Set([
  'central.unreachable',
  'central.certificate',
  'central.login',
  'central.login-blocked',
  'central.breaker-open',
  'central.garbled',
  'central.zone-failing',
  'central.query-refused',
  'central.list-cut',
  'central.clock',
  'central.contended',
  'edit.busy',
]);

/**
 * Failures in a row: a write without effect may be a race with somebody else, or a rule that the server does
 * not tell.
 */
const mostWithoutEffect = 10;

/**
 * Whether a problem of this code may go away by itself, so that the same is worth trying again. What our own
 * journal fails to do always counts: it is no answer of the central's.
 * @param attempts how often the same has failed already, this time included
 */
export function isTransient(code: string, attempts = 1): boolean {
  if (code === 'central.no-effect') return attempts < mostWithoutEffect;
  return passing.has(code) || code.startsWith('journal.');
}
