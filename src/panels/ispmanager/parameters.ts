import type { HookCall } from '../../core/panel.ts';
import { readMultipart, type Pair } from './multipart.ts';

/** Form parameters of one call by name; of a repeated name the last value counts, as in the panel. */
export type Parameters = ReadonlyMap<string, string>;

/** A call as we read it, and what a panel may read in it besides (docs/compatibility.md, A40 to A42). */
export interface Readings {
  readonly parameters: Parameters;
  /** Whether it carries a `sok` with any value: of a repeated one any value counts. */
  readonly isSaving: boolean;
  /**
   * Whether it may carry a `sok` with a value that does not show, or under a name that a panel may take for
   * it.
   */
  readonly mayHideSok: boolean;
  /**
   * Values by plain name ({@link plainName}), for each place they come from; which of several in one place
   * the panel takes is not known. Empty ones are among them where a parameter stands under other names only.
   */
  readonly sources: readonly ReadonlyMap<string, readonly string[]>[];
  /** Whether a part of the body did not come, or the body is not what its type says. */
  readonly isUnreadable: boolean;
  /** Whether it is longer, or has more parameters, than is read; then only the query is. */
  readonly isTooLarge: boolean;
  /** Whether the panel may know parameters that it does not hand on. */
  readonly isPartial: boolean;
}

/**
 * The parameters of a CGI call: `QUERY_STRING`, and the body of a POST, urlencoded or multipart
 * (docs/protocol.md#handlers-4, #transport). The body wins over the query. Octets that are not UTF-8 become
 * U+FFFD. Other readings: `;` between parameters, a body of another type.
 */
export function readCgiCall(call: HookCall): Readings {
  return isTooLarge(call)
    ? { ...readWhole({ ...call, body: Buffer.alloc(0), isCut: true }), isTooLarge: true }
    : readWhole(call);
}

/** Longest query and body read together, octets: a text of 64 KiB, percent-encoded, has 192 KiB. */
const mostOctets = 2 * 1024 * 1024;

/** Most parameters read of one call; forms have some dozens. */
const mostParameters = 20_000;

/**
 * Told by its length even where its body was not kept. A query is no longer than a variable of the
 * environment can be.
 */
function isTooLarge({ environment, body }: HookCall): boolean {
  const length = Number(environment['CONTENT_LENGTH'] ?? 0);
  if (length > mostOctets || body.length > mostOctets) return true;
  let separators = 0;
  for (const octet of body) if (octet === 0x26 || octet === 0x3b) separators += 1;
  return separators > mostParameters;
}

function readWhole(call: HookCall): Readings {
  const query = call.environment['QUERY_STRING'] ?? '';
  const body = Buffer.from(call.body.buffer, call.body.byteOffset, call.body.byteLength).toString('latin1');
  const boundary = boundaryOf(call.environment['CONTENT_TYPE'] ?? '');
  const form = withoutLineEnd(body);
  const parts = boundary === null ? null : readMultipart(body, boundary);
  const sent = parts === null ? readUrlencoded(form) : decoded(parts.pairs);
  const pairs = [...readUrlencoded(query), ...sent];
  const otherBody =
    parts === null ? [...afterSemicolons(form), ...sniffMultipart(body)] : readUrlencoded(body);
  const others = [...afterSemicolons(query), ...otherBody];
  const isUnreadable = call.isCut === true || parts?.isWhole === false;
  return {
    parameters: new Map(pairs),
    isSaving: pairs.some(saves),
    mayHideSok:
      isUnreadable ||
      others.some(saves) ||
      [...pairs, ...others].some(looksLikeSok) ||
      // The line end that was left out may be the value.
      (form !== body && /(?:^|&)sok=$/.test(form)),
    sources: [byName([...pairs, ...others])],
    isUnreadable,
    isTooLarge: false,
    isPartial: false,
  };
}

/**
 * The parameters that a panel of the later generation exports as `PARAM_name` (docs/protocol.md#handlers-5).
 * An empty one may be missing there (docs/protocol.md#handlers-5). The query string still shows it, but
 * belongs to the user's own call and says nothing of one nested in it. A variable ends at its first NUL
 * octet, which the query shows, and a body that we are not given does not.
 */
export function readEnvironmentCall({ environment, repeated = [] }: HookCall): Readings {
  const func = environment[`${prefix}func`];
  const sent = readUrlencoded(environment['QUERY_STRING'] ?? '');
  const query = sent.some(([name, value]) => name === 'func' && value === func) ? sent : [];
  const exported = [...repeated, ...Object.entries(environment)]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]): Pair => [utf8(name.slice(prefix.length)), utf8(value)]);
  const pairs = [...query, ...exported];
  const parameters = new Map(pairs);
  const isSeenEmpty = query.some(([name]) => name === 'sok') && !hasBody(environment);
  return {
    parameters,
    isSaving: pairs.some(saves),
    mayHideSok: (parameters.has('sok') && !isSeenEmpty) || pairs.some(looksLikeSok),
    sources: [byName(exported), byName(query)],
    isUnreadable: false,
    isTooLarge: false,
    isPartial: true,
  };
}

const prefix = 'PARAM_';

/** Every value that a name has in any reading. */
export function valuesOf({ sources }: Readings, name: string): readonly string[] {
  return sources.flatMap((values) => values.get(name) ?? []);
}

/**
 * A name as some readers of forms take it, who mind neither case, white space, `[]` after a name, nor what
 * follows a NUL octet.
 */
export function plainName(name: string): string {
  return (name.replace(/^[\s\0]+/, '').split(/[\0[]/, 1)[0] ?? '').trimEnd().toLowerCase();
}

function byName(pairs: readonly Pair[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  const exact = new Set<string>();
  for (const [name, value] of pairs) {
    const plain = plainName(name);
    if (plain === name) exact.add(name);
    const known = values.get(plain);
    if (known === undefined) values.set(plain, [value]);
    else known.push(value);
  }
  for (const [name, all] of values) if (!exact.has(name)) all.push('');
  return values;
}

function saves([name, value]: Pair): boolean {
  return name === 'sok' && value !== '';
}

function looksLikeSok([name]: Pair): boolean {
  return name !== 'sok' && plainName(name) === 'sok';
}

function hasBody(environment: HookCall['environment']): boolean {
  return ['HTTP_CONTENT_LENGTH', 'HTTP_TRANSFER_ENCODING', 'CONTENT_LENGTH'].some(
    (name) => !['', '0'].includes(environment[name] ?? ''),
  );
}

/** Text of a variable that the agent hands on octet for octet; empty when there is none. */
export function utf8(octets: string | undefined): string {
  return Buffer.from(octets ?? '', 'latin1').toString('utf8');
}

/** Clients that read a body from a file send the line end of the file with it. */
function withoutLineEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end -= 1;
  return text.slice(0, end);
}

function readUrlencoded(text: string): Pair[] {
  return text
    .split('&')
    .filter((piece) => piece !== '')
    .map(pairOf);
}

function pairOf(piece: string): Pair {
  const cut = piece.indexOf('=');
  return cut < 0 ? [decode(piece), ''] : [decode(piece.slice(0, cut)), decode(piece.slice(cut + 1))];
}

/**
 * What readers of forms find that separate by `;` as well: parameters that begin there, and functions and
 * zones that end there. Other values may hold a `;` that a careless client has not encoded.
 */
function afterSemicolons(text: string): Pair[] {
  if (!text.includes(';')) return [];
  return text.split('&').flatMap((piece) => {
    const [first, ...others] = piece.split(';').map(pairOf);
    const isShort = others.length > 0 && first !== undefined && /^(?:func|plid)$/.test(plainName(first[0]));
    return isShort ? [first, ...others] : others;
  });
}

/**
 * `+` is a space, `%XX` an octet; a `%` without two hex digits stands for itself (careless clients,
 * docs/protocol.md#transport).
 */
function decode(text: string): string {
  if (!/[%+\u0080-\uffff]/u.test(text)) return text;
  const octets = text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return utf8(octets);
}

function boundaryOf(type: string): string | null {
  const found = /^multipart\/form-data\b.*?\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type);
  return found?.[1] ?? found?.[2] ?? null;
}

/** What a reader finds that goes by the look of a body instead of its type. */
function sniffMultipart(body: string): Pair[] {
  const first = /^\s*--([^\r\n]{1,200})[\r\n]/.exec(body)?.[1];
  return first === undefined ? [] : decoded(readMultipart(body.trimStart(), first).pairs);
}

function decoded(pairs: readonly Pair[]): Pair[] {
  return pairs.map(([name, value]): Pair => [utf8(name), utf8(value)]);
}
