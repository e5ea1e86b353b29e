import type { DnsName } from '../name.ts';
import { DnsDataError } from '../problem.ts';
import { nameField } from '../rdata/fields.ts';
import { rdataFromWire, wireRdata } from '../rdata/rdata.ts';
import { recordTypes } from '../rdata/types.ts';
import { classes, typeName } from './codes.ts';
import { numberOfType } from '../rdata/types.ts';
import { expandName, type OctetReader, type OctetWriter } from './octets.ts';

/** A resource record in a message. */
export interface WireRecord {
  readonly name: DnsName;
  /** Canonical text. */
  readonly type: string;
  /** See `classes`. */
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  /**
   * Canonical text; `\# n hex` where the octets do not fit a known type; `null`: empty, as updates and
   * prerequisites have it.
   */
  readonly rdata: string | null;
  /**
   * Rdata octets, names uncompressed. Given only if the canonical text stands for other octets too: a text
   * cut into strings in another way, upper case in names. An update that deletes this very record at a server
   * that compares octets must send these.
   */
  readonly octets?: Uint8Array;
}

/**
 * The types of RFC 1035 with names in their rdata: the only ones whose names may be compressed (RFC 3597
 * section 4).
 */
const compressible = new Set(['NS', 'MD', 'MF', 'CNAME', 'SOA', 'MB', 'MG', 'MR', 'PTR', 'MINFO', 'MX']);

/** @throws {DnsDataError} `type.unknown`, `wire.message-too-big` */
export function writeRecord(writer: OctetWriter, record: WireRecord): void {
  writer.name(record.name);
  writer.u16(numberOfType(record.type));
  writer.u16(record.class);
  writer.u32(record.ttl);
  const lengthAt = writer.at;
  writer.u16(0);
  writeRdata(writer, record);
  writer.patch16(lengthAt, writer.at - lengthAt - 2);
}

function writeRdata(writer: OctetWriter, { type, rdata, octets }: WireRecord): void {
  if (rdata === null) return;
  if (octets !== undefined) writer.bytes(octets);
  else if (rdata.startsWith('\\# ')) writer.bytes(Buffer.from(rdata.split(' ').slice(2).join(''), 'hex'));
  else if (compressible.has(type)) writeCompressed(writer, type, rdata);
  else writer.bytes(wireRdata(type, rdata));
}

/** The fields of these types are names and numbers, whose canonical text has no space in it. */
function writeCompressed(writer: OctetWriter, type: string, rdata: string): void {
  const words = rdata.split(' ');
  for (const [index, { kind }] of (recordTypes.get(type)?.fields ?? []).entries()) {
    const word = words[index] ?? '';
    if (kind === nameField) writer.name(word as DnsName);
    else writer.bytes(kind.encode(word));
  }
}

/** What stands before the rdata of a record. */
export interface RecordHead {
  readonly name: DnsName;
  /** IANA number. */
  readonly type: number;
  readonly class: number;
  /** All 32 bits as they are. */
  readonly ttl: number;
  readonly length: number;
}

/** @throws {DnsDataError} */
export function readRecordHead(reader: OctetReader): RecordHead {
  const name = reader.name();
  const [type, recordClass, ttl, length] = [reader.u16(), reader.u16(), reader.u32(), reader.u16()];
  return { name, type, class: recordClass, ttl, length };
}

/**
 * The record after its head.
 * @throws {DnsDataError} when the message is cut off in it, or a name in it has a pointer that leads nowhere
 */
export function readRecord(reader: OctetReader, head: RecordHead): WireRecord {
  const from = reader.at;
  const raw = reader.take(head.length);
  const type = typeName(head.type);
  // A TTL with its highest bit set is taken as zero (RFC 2181 section 8).
  const ttl = head.ttl >= 2 ** 31 ? 0 : head.ttl;
  const common = { name: head.name, type, class: head.class, ttl };
  if (raw.length === 0 && head.class !== classes.IN) return { ...common, rdata: null };
  try {
    const octets = expandRdata(reader.octets.subarray(0, reader.at), type, from);
    const rdata = rdataFromWire(type, octets);
    return octets.equals(wireRdata(type, rdata)) ? { ...common, rdata } : { ...common, rdata, octets };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    // With a broken pointer the octets mean nothing; otherwise they can be handed on as they are.
    if (error.problems.some(({ code }) => code === 'wire.bad-pointer')) throw error;
    return { ...common, rdata: genericRdata(raw) };
  }
}

function genericRdata(octets: Buffer): string {
  return octets.length === 0 ? '\\# 0' : `\\# ${octets.length} ${octets.toString('hex')}`;
}

/** Rdata from an offset to the end of `message`, its names written out. */
function expandRdata(message: Buffer, type: string, from: number): Buffer {
  const fields = recordTypes.get(type)?.fields ?? [];
  if (!fields.some(({ kind }) => kind === nameField)) return message.subarray(from);
  const parts: Uint8Array[] = [];
  let at = from;
  for (const [index, { kind }] of fields.entries()) {
    if (kind === nameField) {
      const { octets, end } = expandName(message, at);
      parts.push(octets);
      at = end;
    } else {
      const { used } = kind.decode(message.subarray(at), index === fields.length - 1);
      parts.push(message.subarray(at, at + used));
      at += used;
    }
  }
  parts.push(message.subarray(at));
  return Buffer.concat(parts);
}
