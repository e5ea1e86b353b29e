import type { DnsName } from '../name.ts';
import { ipv4, ipv6 } from './fields-address.ts';
import { readBase64 } from './fields-binary.ts';
import { u16, u8 } from './fields-number.ts';
import {
  addProblem,
  throwDamaged,
  decodeName,
  nameField,
  nameOctets,
  need,
  type FieldContext,
  type FieldKind,
} from './fields.ts';
import type { Token } from './text.ts';

/**
 * The formats of a gateway. The index is the gateway type: 0 no gateway, 1 IPv4, 2 IPv6, 3 a name that is
 * never compressed (RFC 4025 section 2.5).
 */
const gateways: readonly FieldKind[] = [
  {
    parse: (words, context) =>
      words[0]?.text === '.' ? '.' : addProblem(context, 'rdata.bad-gateway', words[0]?.text ?? ''),
    encode: () => new Uint8Array(),
    decode: () => ({ text: '.', used: 0 }),
  },
  ipv4,
  ipv6,
  nameField,
];

/**
 * Gateway type, algorithm and gateway of IPSECKEY. They form one field here, because the type decides the
 * format of the gateway (RFC 4025 sections 2.3 to 2.5 and 3.1).
 */
export const gateway: FieldKind = {
  least: 3,
  most: 3,
  parse: (words, context) => {
    const [kind, algorithm, host] = words.map((word) => [word]);
    if (kind === undefined || algorithm === undefined || host === undefined) return '';
    const type = u8.parse(kind, context);
    const what = gateways[Number(type)];
    if (type === '') return '';
    if (what === undefined) return addProblem(context, 'rdata.bad-gateway', type);
    return `${type} ${u8.parse(algorithm, context)} ${what.parse(host, context)}`;
  },
  encode: (canonical) => {
    const [type = '', algorithm = '', host = ''] = canonical.split(' ');
    const what = gateways[Number(type)] ?? throwDamaged('gateway');
    return Buffer.concat([Buffer.from([Number(type), Number(algorithm)]), what.encode(host)]);
  },
  decode: (octets) => {
    need(octets, 2);
    const what = gateways[octets[0] ?? 0] ?? throwDamaged('gateway');
    const { text, used } = what.decode(octets.subarray(2));
    return { text: `${octets[0]} ${octets[1]} ${text}`, used: 2 + used };
  },
};

/**
 * All data of a HIP record: algorithm, host identity tag in hexadecimal, key in base64 without white space,
 * rendezvous servers (RFC 8005 section 5). On the wire, the lengths come first, and names are never
 * compressed.
 */
export const hostIdentity: FieldKind = {
  least: 3,
  most: Infinity,
  parse: (words, context) => {
    const [algorithm, tag, key, ...servers] = words.map((word) => [word]);
    if (algorithm === undefined || tag === undefined || key === undefined) return '';
    const parts = [
      u8.parse(algorithm, context),
      plainWord(tag, /^(?:[0-9a-f]{2}){1,255}$/iu)?.toLowerCase() ??
        addProblem(context, 'rdata.bad-hex-digits', tag[0]?.text ?? ''),
      readBase64(plainWord(key, /^\S+$/) ?? '')?.toString('base64') ??
        addProblem(context, 'rdata.bad-base64', key[0]?.text ?? ''),
      ...parsedNames(servers, context),
    ];
    return parts.join(' ');
  },
  encode: (canonical) => {
    const [algorithm = '', tag = '', key = '', ...servers] = canonical.split(' ');
    const octets = Buffer.from(key, 'base64');
    return Buffer.concat([
      Buffer.from([tag.length / 2, Number(algorithm)]),
      u16.encode(String(octets.length)),
      Buffer.from(tag, 'hex'),
      octets,
      ...servers.map((server) => nameOctets(server as DnsName)),
    ]);
  },
  decode: (octets) => {
    need(octets, 4);
    const [tagLength = 0, algorithm = 0, high = 0, low = 0] = octets;
    const keyEnd = 4 + tagLength + high * 256 + low;
    if (tagLength === 0 || keyEnd === 4 + tagLength) throwDamaged('key');
    need(octets, keyEnd);
    const tag = Buffer.from(octets.subarray(4, 4 + tagLength)).toString('hex');
    const key = Buffer.from(octets.subarray(4 + tagLength, keyEnd)).toString('base64');
    const words = [String(algorithm), tag, key];
    let at = keyEnd;
    while (at < octets.length) {
      const { text, used } = decodeName(octets.subarray(at));
      words.push(text);
      at += used;
    }
    return { text: words.join(' '), used: at };
  },
};

/**
 * Parses names to canonical text. Stops after the first word that is not a name, and adds its problem to
 * `context`.
 */
function parsedNames(words: readonly (readonly Token[])[], context: FieldContext): string[] {
  const found: string[] = [];
  const before = context.problems.length;
  for (const word of words) {
    if (context.problems.length > before) break;
    found.push(nameField.parse(word, context));
  }
  return found;
}

function plainWord([word]: readonly Token[], shape: RegExp): string | null {
  return word !== undefined && !word.quoted && shape.test(word.text) ? word.text : null;
}
