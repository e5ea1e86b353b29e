import { validOrElse } from '../../dns/problem.ts';
import { rcodeName, rcodes } from '../../dns/wire/codes.ts';
import {
  decodeMessage,
  encodeMessage,
  type DnsMessage,
  type ReceivedMessage,
} from '../../dns/wire/message.ts';
import { signMessage, TsigCheck, type TsigKey } from '../../dns/wire/tsig.ts';
import { DnsError } from './dns-error.ts';

/** A request that is ready to be sent, with the data for checking its answers. */
export interface Outgoing {
  readonly message: DnsMessage;
  readonly octets: Buffer;
  /** Checks the signatures of the answers; `null`: the request is not signed. */
  readonly check: TsigCheck | null;
}

/**
 * Encodes a message, and signs it if there is a key.
 * @param now time of the signature, seconds since 1970
 * @throws {DnsDataError} if the message cannot be encoded
 */
export function prepare(message: DnsMessage, key: TsigKey | null, now: number): Outgoing {
  const octets = encodeMessage(message);
  if (key === null) return { message, octets, check: null };
  const signed = signMessage(octets, key, now);
  return { message, octets: signed.octets, check: new TsigCheck(key, signed.mac) };
}

/** Decodes an answer. @throws {DnsError} `garbled` */
export function decodeAnswer(octets: Uint8Array): ReceivedMessage {
  return validOrElse(
    () => decodeMessage(octets),
    (cause) => {
      throw new DnsError('garbled', 'maybe', { text: 'the answer is no DNS message' }, cause);
    },
  );
}

/**
 * Whether a message answers the request: both have the same id, opcode and question. The answer to an update
 * or to a failed query may lack the question.
 */
export function answers(answer: ReceivedMessage, { message }: Outgoing): boolean {
  if (answer.id !== message.id || !answer.flags.qr || answer.opcode !== message.opcode) return false;
  if (answer.questions.length === 0) return message.opcode === 'update' || answer.rcode !== rcodes.NOERROR;
  if (answer.questions.length !== message.questions.length) return false;
  return message.questions.every((asked, at) => {
    const seen = answer.questions[at];
    return seen?.name === asked.name && seen.type === asked.type && seen.class === asked.class;
  });
}

/**
 * Checks the signature of the next message of an answer, if the request was signed.
 * @param now present time, seconds since 1970
 * @throws {DnsError} `tsig`
 */
export function checkSignature(
  octets: Uint8Array,
  answer: ReceivedMessage,
  { check }: Outgoing,
  now: number,
): void {
  told(answer, () => check?.check(octets, answer.tsig, now));
}

/**
 * Ends the check of an answer. Call this after its last message, which must be signed.
 * @throws {DnsError} `tsig`
 */
export function endSignatures(answer: ReceivedMessage, { check }: Outgoing): void {
  told(answer, () => check?.end());
}

function told(answer: ReceivedMessage, act: () => void): void {
  validOrElse(act, (cause) => {
    const { code = '', params = {} } = cause.problems[0] ?? {};
    const rcode = rcodeName(answer.rcode);
    throw new DnsError('tsig', 'maybe', { ...params, text: `${code} (${rcode})`, code, rcode }, cause);
  });
}
