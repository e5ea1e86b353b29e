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
  'central.busy',
  'edit.busy',
  'agent.busy',
  'agent.late',
]);

/**
 * After this many writes without effect in a row, the write counts as refused. Another writer may cause a few
 * such failures. If there are more, the server probably follows a rule that it does not report.
 */
const mostWithoutEffect = 10;

/**
 * Whether a problem with this code may go away by itself, so that it makes sense to try again. Failures of
 * our own journal always count as such.
 * @param attempts how often the same step has failed so far, this failure included
 */
export function isTransient(code: string, attempts = 1): boolean {
  if (code === 'central.no-effect') return attempts < mostWithoutEffect;
  return passing.has(code) || code.startsWith('journal.');
}
