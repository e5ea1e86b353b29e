import type { DnsName } from '../../dns/name.ts';
import { rcodeName, rcodes } from '../../dns/wire/codes.ts';
import type { ReceivedMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { DnsError } from './dns-error.ts';

/**
 * Maximum number of characters in all names and data of a zone together. The size of the messages does not
 * limit this number: names in messages are compressed, up to a hundredfold.
 */
const mostText = 256 * 1024 * 1024;

/** Number of characters that are counted for each record in addition to its name and data. */
const ownText = 200;

/** Collects the records from the messages of a zone transfer (RFC 5936 section 2.2). */
export class TransferRecords {
  readonly #zone: DnsName;
  /** The records received so far. The SOA comes first, and only once. */
  readonly records: WireRecord[] = [];
  /** Whether the SOA has come a second time, which means the end of the zone. */
  complete = false;
  #text = 0;

  constructor(zone: DnsName) {
    this.#zone = zone;
  }

  /**
   * Adds the records of the next message.
   * @throws {DnsError} `refused` for an error rcode, `garbled` if the message is not part of a transfer of
   *   the zone
   */
  add(message: ReceivedMessage): void {
    if (message.rcode !== rcodes.NOERROR) {
      const rcode = rcodeName(message.rcode);
      throw new DnsError('refused', 'maybe', { text: `the zone is not handed out: ${rcode}`, rcode });
    }
    if (message.flags.tc || message.answers.length === 0) throw garbled('the transfer is cut off');
    for (const record of message.answers) this.#addRecord(record);
  }

  #addRecord(record: WireRecord): void {
    if (this.complete) throw garbled('records after the end of the transfer');
    this.#text += record.name.length + (record.rdata?.length ?? 0) + ownText;
    if (this.#text > mostText) throw garbled('the zone is too large');
    const [soa] = this.records;
    if (soa === undefined) {
      if (record.type !== 'SOA' || record.name !== this.#zone)
        throw garbled('the transfer does not begin with the SOA of the zone');
      this.records.push(record);
    } else if (record.type !== 'SOA') this.records.push(record);
    else if (record.name === soa.name && record.rdata === soa.rdata) this.complete = true;
    else throw garbled('the transfer does not end with the SOA it began with');
  }
}

function garbled(text: string): DnsError {
  return new DnsError('garbled', 'maybe', { text });
}
