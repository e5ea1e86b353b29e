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
 * Failures in a row after which a write without effect counts as final. Before that it may be a race with
 * another writer; after it, a rule that the server does not report.
 */
const mostWithoutEffect = 10;

/**
 * Whether a problem with this code may go away by itself, so that the same is worth trying again. Failures of
 * our own journal always are.
 * @param attempts how often the same has failed so far, this time included
 */
export function isTransient(code: string, attempts = 1): boolean {
  if (code === 'central.no-effect') return attempts < mostWithoutEffect;
  return passing.has(code) || code.startsWith('journal.');
}
