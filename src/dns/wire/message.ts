import type { DnsName } from '../name.ts';
import { DnsDataError, problem } from '../problem.ts';
import { classes, typeName } from './codes.ts';
import { numberOfType } from '../rdata/types.ts';
import { OctetReader, OctetWriter } from './octets.ts';
import { readRecordHead, readRecord, writeRecord, type RecordHead, type WireRecord } from './records.ts';

/** The kind of a message (RFC 1035 section 4.1.1): the name of a known opcode, or the number of any other. */
export type Opcode = keyof typeof opcodes | number;

/**
 * The flags that we use: `qr` answer, `aa` authoritative, `tc` truncated, `rd` recursion desired. We send all
 * other flags as 0.
 */
export interface MessageFlags {
  readonly qr: boolean;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly rd: boolean;
}

export interface DnsQuestion {
  readonly name: DnsName;
  readonly type: string;
  readonly class: number;
}

/**
 * A message without its signature. In an update, the four sections mean zone, prerequisites, updates and
 * additional records (RFC 2136 section 2).
 */
export interface DnsMessage {
  readonly id: number;
  readonly opcode: Opcode;
  readonly flags: MessageFlags;
  /** Response code, see `rcodes`. A code above 15 needs EDNS. */
  readonly rcode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly WireRecord[];
  readonly authority: readonly WireRecord[];
  /** Additional records without OPT and TSIG. */
  readonly additional: readonly WireRecord[];
  /**
   * Maximum size of a datagram that the sender of the message accepts, in octets (RFC 6891); null: the
   * message has no EDNS.
   */
  readonly udpSize: number | null;
}

/**
 * The TSIG record, which is the last record of a signed message (RFC 8945 section 4.2). `at`: offset of this
 * record from the start of the message, in octets. `time`: when the message was signed, seconds since 1970.
 */
export type TsigRecord = ReturnType<typeof readTsig>;

export interface ReceivedMessage extends DnsMessage {
  /** The signature, which is not checked yet (see `TsigCheck`); null: the message is not signed. */
  readonly tsig: TsigRecord | null;
}

const opcodes = { query: 0, notify: 4, update: 5 };
const opcodeNames = new Map<number, Opcode>([
  [opcodes.query, 'query'],
  [opcodes.notify, 'notify'],
  [opcodes.update, 'update'],
]);

const flagBits = { qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100 };

export const noFlags: MessageFlags = { qr: false, aa: false, tc: false, rd: false };

/** Makes a query for one RRset (or for `ANY`, `AXFR`), with id 0, without recursion and without EDNS. */
export function queryMessage(name: DnsName, type: string): DnsMessage {
  return {
    id: 0,
    opcode: 'query',
    flags: noFlags,
    rcode: 0,
    questions: [{ name, type, class: classes.IN }],
    answers: [],
    authority: [],
    additional: [],
    udpSize: null,
  };
}

/**
 * Encodes a message. Compresses owner names, and names in the rdata of RFC 1035 types.
 * @throws {DnsDataError} `type.unknown`, `wire.message-too-big` (over 65,535 octets)
 * @throws {RangeError} for numbers out of range and for an rcode over 15 without EDNS
 */
export function encodeMessage(message: DnsMessage): Buffer {
  const { questions, answers, authority, additional, udpSize } = message;
  if (message.rcode > 15 && udpSize === null) throw new RangeError('an rcode over 15 needs EDNS');
  const writer = new OctetWriter();
  writer.u16(message.id);
  writer.u16(flagsWord(message));
  writer.u16(questions.length);
  writer.u16(answers.length);
  writer.u16(authority.length);
  writer.u16(additional.length + (udpSize === null ? 0 : 1));
  for (const question of questions) {
    writer.name(question.name);
    writer.u16(numberOfType(question.type));
    writer.u16(question.class);
  }
  for (const record of [...answers, ...authority, ...additional]) writeRecord(writer, record);
  if (udpSize !== null) writeEdns(writer, udpSize, message.rcode);
  return writer.done();
}

function flagsWord({ opcode, flags, rcode }: DnsMessage): number {
  const number = typeof opcode === 'number' ? opcode : opcodes[opcode];
  let word = ((number & 15) << 11) | (rcode & 15);
  if (flags.qr) word |= flagBits.qr;
  if (flags.aa) word |= flagBits.aa;
  if (flags.tc) word |= flagBits.tc;
  if (flags.rd) word |= flagBits.rd;
  return word;
}

/** Writes the OPT record: no options, version 0, and the high bits of the rcode (RFC 6891 section 6.1). */
function writeEdns(writer: OctetWriter, udpSize: number, rcode: number): void {
  writer.u8(0);
  writer.u16(numberOfType('OPT'));
  writer.u16(udpSize);
  writer.u32((rcode >> 4) * 2 ** 24);
  writer.u16(0);
}

/**
 * Decodes a whole message. Decodes its signature too, but does not check it. Rdata that do not fit their type
 * are not an error, see {@link WireRecord.rdata}.
 * @throws {DnsDataError} when the message is cut off, has extra octets or a wrong pointer, or has OPT or TSIG
 *   in a wrong place
 */
export function decodeMessage(octets: Uint8Array): ReceivedMessage {
  const reader = new OctetReader(octets);
  const id = reader.u16();
  const word = reader.u16();
  const counts = Array.from({ length: 4 }, () => reader.u16());
  const section = <T>(at: number, read: () => T): T[] => Array.from({ length: counts[at] ?? 0 }, read);
  const questions = section(0, () => readQuestion(reader));
  const answers = section(1, () => readPlain(reader));
  const authority = section(2, () => readPlain(reader));
  const rest = readAdditional(reader, counts[3] ?? 0);
  if (reader.at !== octets.length) throw new DnsDataError([problem('wire.left-over')]);
  const opcode = (word >> 11) & 15;
  return {
    id,
    opcode: opcodeNames.get(opcode) ?? opcode,
    flags: flagsOf(word),
    rcode: (word & 15) | (rest.rcodeHigh << 4),
    questions,
    answers,
    authority,
    additional: rest.records,
    udpSize: rest.udpSize,
    tsig: rest.tsig,
  };
}

function flagsOf(word: number): MessageFlags {
  const has = (bit: number): boolean => (word & bit) !== 0;
  return { qr: has(flagBits.qr), aa: has(flagBits.aa), tc: has(flagBits.tc), rd: has(flagBits.rd) };
}

function readQuestion(reader: OctetReader): DnsQuestion {
  const name = reader.name();
  return { name, type: typeName(reader.u16()), class: reader.u16() };
}

function readPlain(reader: OctetReader): WireRecord {
  const head = readRecordHead(reader);
  const type = typeName(head.type);
  if (type === 'OPT' || type === 'TSIG') throw new DnsDataError([problem('wire.misplaced', { type })]);
  return readRecord(reader, head);
}

interface Additional {
  readonly records: WireRecord[];
  udpSize: number | null;
  rcodeHigh: number;
  tsig: TsigRecord | null;
}

function readAdditional(reader: OctetReader, count: number): Additional {
  const found: Additional = { records: [], udpSize: null, rcodeHigh: 0, tsig: null };
  for (let index = 0; index < count; index += 1) {
    const at = reader.at;
    const head = readRecordHead(reader);
    const type = typeName(head.type);
    if (type === 'OPT' && found.udpSize === null) {
      found.udpSize = head.class;
      skipOptions(reader, head);
      found.rcodeHigh = head.ttl >>> 24;
    } else if (type === 'TSIG' && index === count - 1) found.tsig = readTsig(reader, head, at);
    else if (type === 'OPT' || type === 'TSIG') throw new DnsDataError([problem('wire.misplaced', { type })]);
    else found.records.push(readRecord(reader, head));
  }
  return found;
}

/** Skips the options of EDNS. @throws {DnsDataError} if they are cut off */
function skipOptions(reader: OctetReader, head: RecordHead): void {
  const options = new OctetReader(reader.take(head.length));
  for (; options.at < head.length; options.take(options.u16())) options.u16();
}

function readTsig(reader: OctetReader, head: RecordHead, at: number) {
  const end = reader.at + head.length;
  const algorithm = reader.name();
  const time = reader.take(6).readUIntBE(0, 6);
  const fudge = reader.u16();
  const mac = reader.take(reader.u16());
  const originalId = reader.u16();
  const error = reader.u16();
  const other = reader.take(reader.u16());
  if (reader.at !== end || head.class !== classes.ANY)
    throw new DnsDataError([problem('wire.misplaced', { type: 'TSIG' })]);
  return { at, name: head.name, algorithm, time, fudge, mac, originalId, error, other };
}
