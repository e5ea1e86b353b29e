import { isSystemError } from '../../net/system-error.ts';
import { tailOf } from '../tail.ts';
import type { Anonymiser } from './anonymiser.ts';

/** So many octets at the end of the log are reported. */
const most = 256 * 1024;

/** Fields whose values are words of domainsync or ids. */
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

/** Fields whose values are accounts. */
const userFields: ReadonlySet<string> = new Set(['user', 'actor', 'account']);

/** One line of the log. `fields` are in the order of the line, with their quotes. */
interface LogLine {
  readonly head: string;
  readonly fields: readonly (readonly [name: string, written: string])[];
}

/** The last lines of the log. @throws {Error} errors of the file system, but not if there is no log */
export function logTail(path: string): readonly string[] {
  let text: string;
  try {
    text = tailOf(path, most);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
  const lines = text.split('\n').filter((line) => line !== '');
  // The first line is cut if the log is longer.
  return Buffer.byteLength(text) < most ? lines : lines.slice(1);
}

/** The accounts that lines of the log name. */
export function usersIn(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) =>
    (lineOf(line)?.fields ?? []).flatMap(([name, written]) =>
      userFields.has(name) ? [valueOf(written)] : [],
    ),
  );
}

/** A line of the log without names. A line that is not as domainsync writes it is left out. */
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

/** The value of a field as it was before it was written. */
function valueOf(written: string): string {
  if (!written.startsWith('"')) return written;
  const value: unknown = JSON.parse(written);
  return String(value);
}
