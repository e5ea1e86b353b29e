import { DnsDataError, problem, type Problem } from '../problem.ts';
import { ipv4, ipv6 } from './fields-address.ts';
import { readBase64 } from './fields-binary.ts';
import { addProblem, lengthFirst, lengthOf, need, type FieldContext, type FieldKind } from './fields.ts';
import { quote, unescape, type Token } from './text.ts';

/**
 * One parameter key of SVCB, and the two forms of its value: as written in text, and on the wire. Both
 * functions return `null` if the octets are not a valid value of this key.
 */
interface Parameter {
  readonly name: string;
  /** Converts the value as written, with its escapes resolved, to its octets on the wire. */
  readonly read: (written: Buffer, context: FieldContext) => Buffer | null;
  /** Converts the octets on the wire to the value as written, without escapes. */
  readonly write: (wire: Buffer) => Buffer | null;
}

type Parameters = ReadonlyMap<number, Buffer>;

/**
 * The keys that have a name (RFC 9460 section 14.3.2, RFC 9461, RFC 9540). The index in the list is the key's
 * number.
 */
const parameters: readonly Parameter[] = [
  { name: 'mandatory', read: readMandatory, write: writeMandatory },
  { name: 'alpn', read: readProtocols, write: writeProtocols },
  { name: 'no-default-alpn', read: onlyEmpty, write: onlyEmpty },
  { name: 'port', read: readPort, write: writePort },
  { name: 'ipv4hint', ...addresses(ipv4, 4) },
  {
    name: 'ech',
    read: (written) => (written.length === 0 ? written : readBase64(written.toString('latin1'))),
    write: (wire) => Buffer.from(wire.toString('base64')),
  },
  { name: 'ipv6hint', ...addresses(ipv6, 16) },
  { name: 'dohpath', read: template, write: template },
  // The registered name of this key is `ohttp`. Older servers do not know that name.
  { name: 'key8', read: onlyEmpty, write: onlyEmpty },
];

/**
 * The parameters of SVCB and HTTPS (RFC 9460 section 2.1), each key once, sorted by the numbers of the keys.
 * In canonical text, values have no quotation marks, and characters that are not printable are `\DDD`. A key
 * with a name may also be written as `keyNNNNN`; its value then has the form on the wire. Canonical text has
 * the name, except that `ohttp` becomes `key8`.
 */
export const serviceParameters: FieldKind = {
  least: 0,
  most: Infinity,
  parse: (words, context) => {
    const found = new Map<number, Buffer>();
    for (const word of glue(words)) {
      const read = readParameter(word, context);
      if (read === null || found.has(read.key)) {
        return addProblem(context, 'rdata.bad-parameter', word.text);
      }
      found.set(read.key, read.value);
    }
    const wrong = wrongParameter(found);
    return wrong === null ? parametersText(found) : addProblem(context, 'rdata.bad-parameter', wrong);
  },
  encode: (canonical) => {
    const parts = (canonical === '' ? [] : canonical.split(' ')).map((word) => {
      const { key, value } = readParameter({ text: word, quoted: false }, noContext) ?? bad(word);
      return Buffer.concat([sixteen(key), sixteen(value.length), value]);
    });
    return Buffer.concat(parts);
  },
  decode: (octets) => {
    const found = wireParameters(octets);
    const wrong = wrongParameter(found);
    return { text: wrong === null ? parametersText(found) : bad(wrong), used: octets.length };
  },
};

const noContext: FieldContext = { type: 'SVCB', field: 'parameters', origin: undefined, problems: [] };

function bad(parameter: string): never {
  throw new DnsDataError([problem('wire.bad-field', { field: parameter })]);
}

function sixteen(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

/** Joins a word such as `key=` with the quoted string that directly follows it. */
function glue(words: readonly Token[]): Token[] {
  const found: Token[] = [];
  for (const word of words) {
    const before = found.at(-1);
    const value = word.quoted && word.glued === true && before?.quoted === false;
    if (value && /^[a-z0-9-]+=$/u.test(before.text))
      found.splice(-1, 1, { text: before.text + word.text, quoted: false });
    else found.push(word.glued === true ? { ...word, quoted: true } : word);
  }
  return found;
}

function readParameter(word: Token, context: FieldContext): { key: number; value: Buffer } | null {
  const [, name = '', written = ''] = /^([a-z0-9-]+)(?:=(.*))?$/su.exec(word.text) ?? [];
  const key = keyNumber(name);
  if (word.quoted || key === null) return null;
  const octets = unescape(written, context.problems);
  const known = parameters[key];
  if (known === undefined) return { key, value: octets };
  const wire = name === known.name ? known.read(octets, context) : octets;
  return wire === null || known.write(wire) === null ? null : { key, value: wire };
}

function keyNumber(name: string): number | null {
  const known = parameters.findIndex((parameter) => parameter.name === (name === 'ohttp' ? 'key8' : name));
  if (known >= 0) return known;
  const number = /^key(0|[1-9]\d{0,4})$/.exec(name)?.[1];
  return number === undefined || Number(number) > 65_535 ? null : Number(number);
}

function keyName(key: number): string {
  return parameters[key]?.name ?? `key${key}`;
}

function parametersText(found: Parameters): string {
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([key, wire]) => {
      const octets = parameters[key]?.write(wire) ?? wire;
      return octets.length === 0 ? keyName(key) : `${keyName(key)}=${escapeValue(octets)}`;
    })
    .join(' ');
}

/** The octets as master-file text that needs no quotation marks. */
function escapeValue(octets: Buffer): string {
  return quote(octets)
    .slice(1, -1)
    .replaceAll(/\\"|[ ();]/g, (text) => `\\${String(text.charCodeAt(text.length - 1)).padStart(3, '0')}`);
}

function wireParameters(octets: Uint8Array): Parameters {
  const found = new Map<number, Buffer>();
  let before = -1;
  for (let at = 0; at < octets.length;) {
    need(octets, at + 4);
    const head = Buffer.from(octets.subarray(at, at + 4));
    const [key, length] = [head.readUInt16BE(0), head.readUInt16BE(2)];
    need(octets, at + 4 + length);
    const value = Buffer.from(octets.subarray(at + 4, at + 4 + length));
    if (key <= before || parameters[key]?.write(value) === null) bad(keyName(key));
    found.set(key, value);
    before = key;
    at += 4 + length;
  }
  return found;
}

/**
 * Returns the name of a key that does not fit the other keys (RFC 9460 sections 7.1.1 and 8); null: all keys
 * fit each other.
 */
function wrongParameter(found: Parameters): string | null {
  const mandatory = found.get(0) ?? Buffer.alloc(0);
  for (let at = 0; at < mandatory.length; at += 2) {
    if (!found.has(mandatory.readUInt16BE(at))) return 'mandatory';
  }
  return found.has(2) && !found.has(1) ? 'no-default-alpn' : null;
}

function readMandatory(written: Buffer): Buffer | null {
  const keys = written.toString('latin1').split(',').map(keyNumber);
  if (keys.includes(null)) return null;
  const sorted = keys.filter((key) => key !== null).sort((a, b) => a - b);
  return Buffer.concat(sorted.map(sixteen));
}

function writeMandatory(wire: Buffer): Buffer | null {
  if (wire.length === 0 || wire.length % 2 !== 0) return null;
  const keys: number[] = [];
  for (let at = 0; at < wire.length; at += 2) keys.push(wire.readUInt16BE(at));
  // The keys must ascend, and `mandatory` itself must not be one of them (RFC 9460 section 8).
  if (keys.some((key, at) => key <= (keys[at - 1] ?? 0))) return null;
  return Buffer.from(keys.map(keyName).join(','));
}

/**
 * Parses a list of values separated by commas. Inside a value, commas and backslashes are escaped by a
 * backslash (RFC 9460 appendix A.1).
 */
function readProtocols(written: Buffer): Buffer | null {
  const values = [...written.toString('latin1').matchAll(/(?:^|,)((?:[^,\\]|\\[,\\])*)/gsu)];
  if (values.map(([whole]) => whole).join('') !== written.toString('latin1')) return null;
  const octets = values.map(([, value = '']) => Buffer.from(value.replaceAll(/\\(.)/gsu, '$1'), 'latin1'));
  if (octets.some(({ length }) => length < 1 || length > 255)) return null;
  return Buffer.concat(octets.map(lengthFirst));
}

function writeProtocols(wire: Buffer): Buffer | null {
  const values: string[] = [];
  for (let at = 0; at < wire.length;) {
    const length = wire[at] ?? 0;
    if (length === 0 || at + 1 + length > wire.length) return null;
    const value = Buffer.from(lengthOf(wire.subarray(at))).toString('latin1');
    values.push(value.replaceAll(/[\\,]/g, String.raw`\$&`));
    at += 1 + length;
  }
  return values.length === 0 ? null : Buffer.from(values.join(','), 'latin1');
}

function onlyEmpty(octets: Buffer): Buffer | null {
  return octets.length === 0 ? octets : null;
}

function readPort(written: Buffer): Buffer | null {
  const text = written.toString('latin1');
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? sixteen(Number(text)) : null;
}

function writePort(wire: Buffer): Buffer | null {
  return wire.length === 2 ? Buffer.from(String(wire.readUInt16BE(0))) : null;
}

function addresses(kind: FieldKind, size: number): Pick<Parameter, 'read' | 'write'> {
  return {
    read: (written, context) => {
      const problems: Problem[] = [];
      const texts = written
        .toString('latin1')
        .split(',')
        .map((text) => kind.parse([{ text, quoted: false }], { ...context, problems }));
      return problems.length > 0 ? null : Buffer.concat(texts.map((text) => kind.encode(text)));
    },
    write: (wire) => {
      if (wire.length === 0 || wire.length % size !== 0) return null;
      const texts: string[] = [];
      for (let at = 0; at < wire.length; at += size) texts.push(kind.decode(wire.subarray(at)).text);
      return Buffer.from(texts.join(','));
    },
  };
}

/**
 * Checks that the octets are a relative URI template in UTF-8 with the variable `dns` (RFC 9461 section 5).
 * Null: they are not.
 */
function template(octets: Buffer): Buffer | null {
  const text = octets.toString('utf8');
  const sound = Buffer.from(text, 'utf8').equals(octets);
  return sound && /^\/.*\{[^}]*\bdns\b[^}]*\}/su.test(text) ? octets : null;
}
