import { isSystemError } from '../../net/system-error.ts';
import { tailOf } from '../tail.ts';
import type { Anonymiser } from './anonymiser.ts';

/** Number of octets at the end of the log that are in the report. */
const most = 256 * 1024;

/** Fields of a log line whose values are ids or words of domainsync, so that they can be shown. */
const keptFields: ReadonlySet<string> = new Set([
  'code',
  'codes',
  'reason',
  'call',
  'outcome',
  'kind',
  'channel',
  'channels',
  'rank',
  'way',
  'why',
  'source',
  'operation',
  'id',
  'from',
  'to',
  'stage',
  'began',
  'ended',
  'level',
  'event',
  'time',
]);

/** Fields of a log line whose values are names of accounts. */
const userFields: ReadonlySet<string> = new Set(['user', 'actor', 'account']);

/**
 * One line of the log. `head` is what comes before the first field. `fields` have the order of the line, and
 * their values have the quotes with which they were written.
 */
interface LogLine {
  readonly head: string;
  readonly fields: readonly (readonly [name: string, written: string])[];
}

/**
 * Reads the last lines of the log; empty if there is no log.
 * @throws {Error} other errors of the file system
 */
export function logTail(path: string): readonly string[] {
  let text: string;
  try {
    text = tailOf(path, most);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
  const lines = text.split('\n').filter((line) => line !== '');
  // If the log is longer than what was read, the first line may be cut off, so it is left out.
  return Buffer.byteLength(text) < most ? lines : lines.slice(1);
}

/** Finds the names of accounts in lines of the log. */
export function usersIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) =>
    (lineOf(line)?.fields ?? []).flatMap(([name, written]) =>
      userFields.has(name) ? [valueOf(written)] : [],
    ),
  );
}

/**
 * Replaces all names in a line of the log. If the line does not have the form of domainsync's log, it is not
 * shown.
 */
export function anonymousLine(line: string, names: Anonymiser): string {
  const read = lineOf(line);
  if (read === null) return '(a line in another form, not shown)';
  const fields = read.fields.map(([name, written]) => `${name}=${shown(name, valueOf(written), names)}`);
  return [read.head, ...fields].join(' ');
}

function shown(name: string, value: string, names: Anonymiser): string {
  if (keptFields.has(name) && /^[\w.:, -]*$/u.test(value)) return value;
  if (userFields.has(name)) return names.user(value);
  const text = /^\d+$/u.test(value) ? value : names.text(value);
  return /\s/u.test(text) ? JSON.stringify(text) : text;
}

function lineOf(line: string): LogLine | null {
  if (line.startsWith('{')) return jsonLine(line);
  const [, head, rest = ''] =
    /^(\d{4}-\d\d-\d\dT[\d:.]+Z [a-z]+ [a-z][a-z0-9.-]*)((?: \w+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*))*)$/u.exec(
      line,
    ) ?? [];
  if (head === undefined) return null;
  const fields = [...rest.matchAll(/ (\w+)=("(?:[^"\\]|\\.)*"|[^\s"]*)/gu)];
  return { head, fields: fields.map(([, name = '', written = '']) => [name, written]) };
}

function jsonLine(line: string): LogLine | null {
  try {
    const { time, level, event, ...fields } = JSON.parse(line) as Record<string, unknown>;
    if (![time, level, event].every((one) => typeof one === 'string' && /^[\w.:-]+$/u.test(one))) return null;
    const written = Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)] as const);
    if (written.some(([name]) => !/^\w+$/u.test(name))) return null;
    return { head: `${String(time)} ${String(level)} ${String(event)}`, fields: written };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Removes the quotes with which the value of a field was written. */
function valueOf(written: string): string {
  if (!written.startsWith('"')) return written;
  const value: unknown = JSON.parse(written);
  return String(value);
}
