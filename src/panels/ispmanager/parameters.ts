import type { HookCall } from '../../core/panel.ts';
import { readMultipart, type Pair } from './multipart.ts';

/** The parameters of one call, by name. If a name is repeated, its last value counts, as in the panel. */
export type Parameters = ReadonlyMap<string, string>;

/**
 * The parameters of a call as we parse them, and what a panel may find instead (docs/compatibility.md, A40 to
 * A42).
 */
export interface Readings {
  readonly parameters: Parameters;
  /** Whether the call has a `sok` with any value. If `sok` is repeated, one value is enough. */
  readonly isSaving: boolean;
  /**
   * Whether the call may have a `sok` whose value we cannot see, or another parameter that a panel may take
   * for `sok`.
   */
  readonly mayHideSok: boolean;
  /**
   * For each source of parameters: all values, by plain name ({@link plainName}). We do not know which of
   * several values a panel uses. If a name occurs only in other spellings, an empty value is added.
   */
  readonly sources: readonly ReadonlyMap<string, readonly string[]>[];
  /** Whether a part of the body is missing, or the body is not in the format that its type names. */
  readonly isUnreadable: boolean;
  /** Whether the body is too long, or has too many parameters. Then only the query is read. */
  readonly isTooLarge: boolean;
  /** Whether the panel may hide parameters from its handlers. */
  readonly isPartial: boolean;
}

/**
 * Reads the parameters of a CGI call: the query, and the body of a POST, urlencoded or multipart
 * (docs/protocol.md#handlers-4, #transport). The body overrides the query. Octets that are not UTF-8 become
 * U+FFFD. Some panels parse differently. For them, this function also finds parameters after `;`, and those
 * of a body whose type differs from its header.
 */
export function readCgiCall(call: HookCall): Readings {
  return isTooLarge(call)
    ? { ...readWhole({ ...call, body: Buffer.alloc(0), isCut: true }), isTooLarge: true }
    : readWhole(call);
}

/** Largest query or body that is read, in octets. A text of 64 KiB has 192 KiB when percent-encoded. */
const mostOctets = 2 * 1024 * 1024;

/** Maximum number of parameters of one call that are read. Forms have a few dozen. */
const mostParameters = 20_000;

/**
 * Whether a call is too large to be read. The length in its header counts too, because a body that is too
 * large may have been dropped before. The query needs no check, because the system limits the size of
 * environment variables.
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
      // The line ends after the body were removed above, but they may be the value of `sok`.
      (form !== body && /(?:^|&)sok=$/.test(form)),
    sources: [byName([...pairs, ...others])],
    isUnreadable,
    isTooLarge: false,
    isPartial: false,
  };
}

/**
 * Reads the parameters that version 5/6 exports as `PARAM_name` (docs/protocol.md#handlers-5). Empty
 * parameters may be missing there, so the query is read too. The query belongs to the call that the user
 * made. A nested call of another function has the same query, which is then ignored. An exported value ends
 * at its first NUL octet, but the query shows the whole value. The panel does not pass us the body.
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

/** All values that a parameter of this name may have, whichever way the panel parses the call. */
export function valuesOf({ sources }: Readings, name: string): readonly string[] {
  return sources.flatMap((values) => values.get(name) ?? []);
}

/**
 * A name as tolerant parsers of forms read it. They ignore case, white space around the name, `[...]` after
 * it, and everything after a NUL octet.
 */
export function plainName(name: string): string {
  return (name.replace(/^[\s\0]+/, '').split(/[\0[]/, 1)[0] ?? '').trimEnd().toLowerCase();
}

function byName(pairs: readonly Pair[]): ReadonlyMap<string, readonly string[]> {
  const groups = Map.groupBy(pairs, ([name]) => plainName(name));
  const valuesIn = ([plain, group]: readonly [string, readonly Pair[]]): readonly [string, string[]] => {
    const isExact = group.some(([name]) => name === plain);
    return [plain, [...group.map(([, value]) => value), ...(isExact ? [] : [''])]];
  };
  return new Map([...groups].map(valuesIn));
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

/** Decodes a variable, which the agent passes on with one character for each octet; empty if it is absent. */
export function utf8(octets: string | undefined): string {
  return Buffer.from(octets ?? '', 'latin1').toString('utf8');
}

/**
 * Removes line ends from the end of a body. A client that sends a file as the body also sends the file's last
 * line end.
 */
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
 * The parameters that a parser finds if it splits at `;` too. A `func` or `plid` is cut at its first `;`.
 * Other values are not cut, because a careless client may send a `;` in them unencoded.
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
 * Decodes `+` to a space and `%XX` to an octet. A `%` without two hexadecimal digits stays, because careless
 * clients send it (docs/protocol.md#transport).
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

/**
 * The parameters that a parser finds if it takes a body for multipart because of its content, although the
 * header names no such type.
 */
function sniffMultipart(body: string): Pair[] {
  const first = /^\s*--([^\r\n]{1,200})[\r\n]/.exec(body)?.[1];
  return first === undefined ? [] : decoded(readMultipart(body.trimStart(), first).pairs);
}

function decoded(pairs: readonly Pair[]): Pair[] {
  return pairs.map(([name, value]): Pair => [utf8(name), utf8(value)]);
}
