import { createSocket } from 'node:dgram';
import type { Store } from './store.ts';

/** Types and codes of a message (RFC 1035 sections 3.2 and 4.1.1). */
const [SOA, IN] = [6, 1];
/** Flags and code of an authoritative answer without an error, and of a refusal. */
const [ANSWER, REFUSED] = [0x8400, 0x8005];

/** The name server that gets its zones from a panel. */
export interface SandboxNameServer {
  /** UDP port on 127.0.0.1. */
  readonly port: number;
  /** Number of queries so far that it had data for. */
  answered(): number;
  close(): void;
}

/**
 * Starts a name server that answers only queries for the SOA of the panel's zones, over UDP. The serial
 * advances with every change of a zone.
 */
export async function startNameServer(store: Store): Promise<SandboxNameServer> {
  const socket = createSocket('udp4');
  let answered = 0;
  socket.on('message', (query, { address, port }) => {
    const question = readQuestion(query);
    if (question === null) return;
    const zone = question.type === SOA ? store.zone(question.name) : undefined;
    if (zone !== undefined) answered += 1;
    const records = zone === undefined ? [] : [soaRecord(Number(zone.soa.serial))];
    socket.send(messageOf(query, question, records), port, address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  return { port: socket.address().port, answered: () => answered, close: () => socket.close() };
}

function messageOf(query: Buffer, { end }: Question, records: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(records.length > 0 ? ANSWER : REFUSED, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(12, end), ...records]);
}

interface Question {
  /** Without the final dot, in lower case. */
  readonly name: string;
  readonly type: number;
  /** Offset in the message at which the question ends. */
  readonly end: number;
}

function readQuestion(query: Buffer): Question | null {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 64; length !== 0; length = query[at] ?? 64) {
    if (length > 63) return null;
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  if (at + 5 > query.length) return null;
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/**
 * Makes the SOA record of the name in the question. All names in it are that same name, because only the
 * serial matters.
 */
function soaRecord(serial: number): Buffer {
  const owner = [0xc0, 12];
  const numbers = Buffer.alloc(20);
  numbers.writeUInt32BE(serial, 0);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(SOA, 0);
  head.writeUInt16BE(IN, 2);
  head.writeUInt32BE(3_600, 4);
  head.writeUInt16BE(2 * owner.length + numbers.length, 8);
  return Buffer.concat([Buffer.from(owner), head, Buffer.from([...owner, ...owner]), numbers]);
}
