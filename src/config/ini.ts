/** One option in a settings file. */
export interface IniEntry {
  /** The section's name as in the file. Upper and lower case matter. */
  readonly section: string;
  /** The option's name in lower case. In the file, upper and lower case do not matter. */
  readonly option: string;
  readonly value: string;
  /** Line on which the option begins, and last line of its value. The first line of the file is 1. */
  readonly line: number;
  readonly lastLine: number;
}

export interface IniMistake {
  readonly line: number;
  readonly text: string;
  readonly kind: 'no-section' | 'not-an-option' | 'duplicate';
}

const sectionLine = /^\[([^\]]+)\]/;

/** Splits a line `name = value` or `name: value`; `null` for any other line. */
function optionOf(line: string): { readonly name: string; readonly text: string } | null {
  const cut = line.search(/[:=]/);
  if (cut < 1 || /^\s/.test(line)) return null;
  return { name: line.slice(0, cut).trim(), text: line.slice(cut + 1).trim() };
}

/**
 * Parses a settings file as Python 2's ConfigParser does, which the original plugin used
 * (docs/protocol.md#original-plugin). `=` or `:` separates name and value. Lines that begin with `#`, `;` or
 * the word `rem` are comments. A value ends at its first `;` if a space precedes it. An indented line
 * continues the value on the line above. `""` is the empty value. Quotes and `%` have no meaning: a password
 * `pa;ss#wo%rd` is taken as it stands. A BOM and CRLF line ends are accepted.
 */
export function parseIni(text: string) {
  const entries: IniEntry[] = [];
  const mistakes: IniMistake[] = [];
  const places = new Set<string>();
  let section: string | null = null;
  let open: IniEntry | null = null;
  for (const [at, raw] of linesOf(text).entries()) {
    const line = at + 1;
    if (isComment(raw)) continue;
    if (/^\s/.test(raw) && open !== null) {
      open = continued(open, raw.trim(), line);
      entries[entries.length - 1] = open;
      continue;
    }
    const header = sectionLine.exec(raw);
    if (header !== null) {
      section = header[1] ?? '';
      open = null;
      continue;
    }
    const option = optionOf(raw);
    if (option === null || section === null) {
      mistakes.push({ line, text: raw, kind: option === null ? 'not-an-option' : 'no-section' });
      continue;
    }
    open = {
      section,
      option: option.name.toLowerCase(),
      value: valueOf(option.text),
      line,
      lastLine: line,
    };
    const place = `[${section}] ${open.option}`;
    if (places.has(place)) mistakes.push({ line, text: place, kind: 'duplicate' });
    places.add(place);
    entries.push(open);
  }
  return { entries, mistakes };
}

function linesOf(text: string): string[] {
  return text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
}

function isComment(line: string): boolean {
  return line.trim() === '' || /^[#;]/.test(line) || /^rem(\s|$)/i.test(line);
}

/**
 * Removes a comment from a value. The comment begins at the first `;` of the value, if white space precedes
 * it (Python 2.7 `RawConfigParser._read`).
 */
function valueOf(text: string): string {
  const comment = text.indexOf(';');
  const cut = comment > 0 && /\s/.test(text.charAt(comment - 1)) ? text.slice(0, comment) : text;
  const value = cut.trim();
  return value === '""' ? '' : value;
}

function continued(entry: IniEntry, text: string, line: number): IniEntry {
  return text === '' ? entry : { ...entry, value: `${entry.value}\n${text}`, lastLine: line };
}

/** New values by section and option; `null` removes the option. */
export type IniChanges = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/**
 * Returns the text of a settings file with some values changed. Comments, order, line ends and everything
 * else stay the same.
 * @throws {RangeError} for a value that the file cannot hold, because parsing would give another value
 */
export function changeIni(text: string, changes: IniChanges): string {
  const bom = text.startsWith('\ufeff') ? '\ufeff' : '';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text === '' ? [] : linesOf(text);
  if (lines.at(-1) === '') lines.pop();
  const all = Object.entries(changes).flatMap(([section, options]) =>
    Object.entries(options).map(([option, value]) => ({ section, option, value })),
  );
  for (const one of all) changeOne(bom, lines, one);
  const result = bom + lines.map((line) => line + eol).join('');
  for (const one of all) assertReadsBack(result, one);
  return result;
}

type IniChange = Pick<IniEntry, 'section' | 'option'> & { readonly value: string | null };

/**
 * Sets, adds or removes one option in the lines.
 * @param bom what precedes the first line; without it, the parser would take a second BOM for the first
 */
function changeOne(bom: string, lines: string[], { section, option, value }: IniChange): void {
  const { entries } = parseIni(bom + lines.join('\n'));
  const old = entries.findLast((entry) => entry.section === section && entry.option === option.toLowerCase());
  const written = value === null ? [] : [`${option} = ${value}`];
  if (old !== undefined) {
    lines.splice(old.line - 1, old.lastLine - old.line + 1, ...written);
    return;
  }
  if (value === null) return;
  const header = lines.findIndex((line) => sectionLine.exec(line)?.[1] === section);
  if (header < 0) {
    if (lines.length > 0) lines.push('');
    lines.push(`[${section}]`, ...written);
    return;
  }
  const last = entries.filter((entry) => entry.section === section).at(-1);
  lines.splice(last?.lastLine ?? header + 1, 0, ...written);
}

function assertReadsBack(text: string, { section, option, value }: IniChange): void {
  const entry = parseIni(text).entries.findLast(
    (one) => one.section === section && one.option === option.toLowerCase(),
  );
  if ((entry?.value ?? null) !== value) throw new RangeError(`[${section}] ${option} cannot hold this value`);
}
