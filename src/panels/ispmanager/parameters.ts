import type { HookCall } from '../../core/panel.ts';
import { readMultipart, type Pair } from './multipart.ts';

/** Parameters of one call, by name. If a name is repeated, its last value counts, as in the panel. */
export type Parameters = ReadonlyMap<string, string>;

/**
 * The parameters of a call as we read them, and what a panel may read instead (docs/compatibility.md, A40
 * to A42).
 */
export interface Readings {
  readonly parameters: Parameters;
  /** Whether the call has a `sok` with any value; if it is repeated, one value is enough. */
  readonly isSaving: boolean;
  /**
   * Whether the call may have a `sok` whose value we cannot see, or a parameter that a panel may take for
   * `sok`.
   */
  readonly mayHideSok: boolean;
  /**
   * For each source of parameters: all values by plain name ({@link plainName}). Which of several values a
   * panel takes is not known. If a source has a name in other spellings only, the name also gets an empty
   * value.
   */
  readonly sources: readonly ReadonlyMap<string, readonly string[]>[];
  /** Whether a part of the body is missing, or the body does not have the form that its type says. */
  readonly isUnreadable: boolean;
  /** Whether the body is too long, or has too many parameters, to be read. Then only the query is read. */
  readonly isTooLarge: boolean;
  /** Whether the panel may hide parameters from its handlers. */
  readonly isPartial: boolean;
}

/**
 * Reads the parameters of a CGI call: the query, and the body of a POST, urlencoded or multipart
 * (docs/protocol.md#handlers-4, #transport). The body overrides the query. Octets that are not UTF-8 become
 * U+FFFD. As other readings it finds parameters after `;`, and those of a body with another type than its
 * header says.
 */
export function readCgiCall(call: HookCall): Readings {
  return isTooLarge(call)
    ? { ...readWhole({ ...call, body: Buffer.alloc(0), isCut: true }), isTooLarge: true }
    : readWhole(call);
}

/**
 * Maximum size, in octets, of a query or body that is read. A text of 64 KiB has 192 KiB when
 * percent-encoded.
 */
const mostOctets = 2 * 1024 * 1024;

/** Maximum number of parameters that are read of one call; forms have some dozens. */
const mostParameters = 20_000;

/**
 * Whether a call is too large to be read. The length in its header counts too, because the body may not
 * have been kept. The query needs no check, because the system limits variables of the environment.
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
      // Line ends after the body were left out, and they may be the value of `sok`.
      (form !== body && /(?:^|&)sok=$/.test(form)),
    sources: [byName([...pairs, ...others])],
    isUnreadable,
    isTooLarge: false,
    isPartial: false,
  };
}

/**
 * Reads the parameters that version 5/6 exports as `PARAM_name` (docs/protocol.md#handlers-5). Empty ones
 * may be missing there, so the query is read too. The query belongs to the user's own call, so it is
 * ignored in a nested call of another function. A value ends at its first NUL octet. The query shows such
 * an octet; a body does not reach us.
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

/** All values that a name has in any reading. */
export function valuesOf({ sources }: Readings, name: string): readonly string[] {
  return sources.flatMap((values) => values.get(name) ?? []);
}

/**
 * A name as lenient readers of forms take it. They ignore case, white space around it, `[...]` after it,
 * and everything after a NUL octet.
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

/** Decodes a variable whose octets the agent passes on as one character each; empty if it is absent. */
export function utf8(octets: string | undefined): string {
  return Buffer.from(octets ?? '', 'latin1').toString('utf8');
}

/**
 * Removes line ends from the end of a body. Clients that send a file as the body send its last line end
 * too.
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
 * The parameters that a reader finds that splits at `;` as well. A `func` or `plid` that ends at a `;`
 * counts too. In other values a careless client may have left a `;` unencoded.
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
 * Decodes `+` to a space and `%XX` to an octet. A `%` without two hex digits stays (careless clients,
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

/** The parameters that a reader finds that takes any body for multipart if it looks so, whatever its type. */
function sniffMultipart(body: string): Pair[] {
  const first = /^\s*--([^\r\n]{1,200})[\r\n]/.exec(body)?.[1];
  return first === undefined ? [] : decoded(readMultipart(body.trimStart(), first).pairs);
}

function decoded(pairs: readonly Pair[]): Pair[] {
  return pairs.map(([name, value]): Pair => [utf8(name), utf8(value)]);
}
