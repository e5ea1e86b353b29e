import type { DnsName } from '../name.ts';
import { validOrElse } from '../problem.ts';
import { nameField } from '../rdata/fields.ts';
import { genericText, rdataFromWire, wireRdata } from '../rdata/rdata.ts';
import { numberOfType, recordTypes } from '../rdata/types.ts';
import { classes, typeName } from './codes.ts';
import { expandName, type OctetReader, type OctetWriter } from './octets.ts';

/** A resource record in a message. */
export interface WireRecord {
  readonly name: DnsName;
  /** The type in canonical spelling. */
  readonly type: string;
  /** Class number, see `classes`. */
  readonly class: number;
  /** TTL in seconds. */
  readonly ttl: number;
  /**
   * Data in canonical text, or as `\# n hex` if the octets do not fit the type. `null`: the record has no
   * data, as in some parts of an update.
   */
  readonly rdata: string | null;
  /**
   * Rdata octets as received, with uncompressed names. Present only if they differ from the wire form of
   * `rdata`: names in upper case, or a text cut into other strings. Some servers compare octets. There, an
   * update that deletes this record must send these octets.
   */
  readonly octets?: Uint8Array;
}

/**
 * Types of RFC 1035 whose rdata contain names. Only names in these types may be compressed (RFC 3597 section
 * 4).
 */
const compressible = new Set(['NS', 'MD', 'MF', 'CNAME', 'SOA', 'MB', 'MG', 'MR', 'PTR', 'MINFO', 'MX']);

/** Encodes a record. @throws {DnsDataError} `type.unknown`, `wire.message-too-big` */
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
  else if (compressible.has(type) && !rdata.startsWith('\\# ')) writeCompressed(writer, type, rdata);
  else writer.bytes(wireRdata(type, rdata));
}

/**
 * Writes the rdata of a type in {@link compressible}, with compressed names. These types have only names and
 * numbers as fields, so each word of the text is one field.
 */
function writeCompressed(writer: OctetWriter, type: string, rdata: string): void {
  const words = rdata.split(' ');
  for (const [index, { kind }] of (recordTypes.get(type)?.fields ?? []).entries()) {
    const word = words[index] ?? '';
    if (kind === nameField) writer.name(word as DnsName);
    else writer.bytes(kind.encode(word));
  }
}

/** The part of a record before its rdata. `type`: the number of the type. `ttl`: the 32 bits as received. */
export type RecordHead = ReturnType<typeof readRecordHead>;

/** Reads a record up to its rdata. @throws {DnsDataError} */
export function readRecordHead(reader: OctetReader) {
  const name = reader.name();
  const [type, recordClass, ttl, length] = [reader.u16(), reader.u16(), reader.u32(), reader.u16()];
  return { name, type, class: recordClass, ttl, length };
}

/**
 * Decodes the rdata that follow the head of a record.
 * @throws {DnsDataError} when the message is cut off within the record, or a name in the rdata has a wrong
 *   pointer
 */
export function readRecord(reader: OctetReader, head: RecordHead): WireRecord {
  const from = reader.at;
  const raw = reader.take(head.length);
  const type = typeName(head.type);
  // A TTL with its highest bit set means zero (RFC 2181 section 8).
  const ttl = head.ttl >= 2 ** 31 ? 0 : head.ttl;
  const common = { name: head.name, type, class: head.class, ttl };
  if (raw.length === 0 && head.class !== classes.IN) return { ...common, rdata: null };
  return validOrElse(
    () => {
      const octets = expandRdata(reader.octets.subarray(0, reader.at), type, from);
      const rdata = rdataFromWire(type, octets);
      return octets.equals(wireRdata(type, rdata)) ? { ...common, rdata } : { ...common, rdata, octets };
    },
    (error) => {
      // A wrong pointer makes the octets meaningless. Other octets that do not fit the type can be passed on
      // as they are.
      if (error.problems.some(({ code }) => code === 'wire.bad-pointer')) throw error;
      return { ...common, rdata: genericText(raw) };
    },
  );
}

/** Returns the rdata from the offset `from` to the end of `message`, with names no longer compressed. */
function expandRdata(message: Buffer, type: string, from: number): Buffer {
  const fields = recordTypes.get(type)?.fields ?? [];
  if (!fields.some(({ kind }) => kind === nameField)) return message.subarray(from);
  const parts: Uint8Array[] = [];
  let at = from;
  for (const { kind } of fields) {
    if (kind === nameField) {
      const { octets, end } = expandName(message, at);
      parts.push(octets);
      at = end;
    } else {
      const { used } = kind.decode(message.subarray(at));
      parts.push(message.subarray(at, at + used));
      at += used;
    }
  }
  parts.push(message.subarray(at));
  return Buffer.concat(parts);
}
