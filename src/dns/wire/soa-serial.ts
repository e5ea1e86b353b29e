import type { DnsName } from '../name.ts';
import { validOr } from '../problem.ts';
import { numberOfType } from '../rdata/types.ts';
import { classes } from './codes.ts';
import { encodeMessage, queryMessage } from './message.ts';
import { expandName, OctetReader } from './octets.ts';

/** Encodes a query for the SOA of a zone. */
export function encodeSoaQuery(id: number, zone: DnsName): Buffer {
  return encodeMessage({ ...queryMessage(zone, 'SOA'), id });
}

/** Bits of the flags: answer, opcode, authoritative, truncated, rcode (RFC 1035 section 4.1.1). */
const [checkedBits, goodBits] = [0xfe0f, 0x8400];
const headerOctets = 12;
const soa = numberOfType('SOA');

/**
 * Finds the serial of a zone in the answer to its SOA query. Decodes nothing else of the answer, because
 * thousands of them are read in a row. The caller has compared the ids.
 * @param query the query as it was sent
 * @returns null: the server is not authoritative for the zone, or the answer is not to this query. An answer
 *   that is not authoritative may come from a cache and be old
 */
export function soaSerial(answer: Uint8Array, query: Uint8Array): number | null {
  return validOr(() => serialIn(new OctetReader(answer), Buffer.from(query)), null);
}

/** @throws {DnsDataError} when the answer is cut off or has a wrong pointer */
function serialIn(answer: OctetReader, query: Buffer): number | null {
  answer.take(2);
  const flags = answer.u16();
  const [questions, answers] = [answer.u16(), answer.u16()];
  answer.take(4);
  if ((flags & checkedBits) !== goodBits || questions !== 1) return null;
  const question = query.subarray(headerOctets);
  if (!answer.take(question.length).equals(question)) return null;
  const zone = question.subarray(0, -4);
  for (let index = 0; index < answers; index += 1) {
    const owner = nameAt(answer);
    const [type, recordClass] = [answer.u16(), answer.u16()];
    answer.take(4);
    const length = answer.u16();
    const end = answer.at + length;
    if (type === soa && recordClass === classes.IN && lowered(owner) === lowered(zone)) {
      nameAt(answer);
      nameAt(answer);
      const serial = answer.u32();
      return answer.at <= end ? serial : null;
    }
    answer.take(length);
  }
  return null;
}

/** Reads a name, in wire form and not compressed. */
function nameAt(reader: OctetReader): Buffer {
  const { octets, end } = expandName(reader.octets, reader.at);
  reader.at = end;
  return octets;
}

function lowered(name: Buffer): string {
  return name.toString('latin1').toLowerCase();
}
