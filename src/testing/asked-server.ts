import type { AskedServer } from '../centrals/verified/ask.ts';
import { labels, type DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import { classes, rcodes } from '../dns/wire/codes.ts';
import { noFlags, queryMessage, type DnsMessage } from '../dns/wire/message.ts';
import type { WireRecord } from '../dns/wire/records.ts';
import { DnsError } from '../net/dns/dns-error.ts';

/**
 * A simulated name server of one zone. Tests set its records, and whether it answers. `servers/` has real
 * servers.
 */
export class SettableServer implements AskedServer {
  readonly name: string;
  readonly zone: DnsName;
  records: readonly ResourceRecord[] = [];
  /** Response code of every answer; null: queries are not answered. */
  rcode: number | null = rcodes.NOERROR;
  aa = true;
  /** The queries so far, each as `name type`. */
  readonly asked: string[] = [];
  closed = false;

  constructor(name: string, zone: DnsName, records: readonly ResourceRecord[] = []) {
    this.name = name;
    this.zone = zone;
    this.records = records;
  }

  async ask(name: DnsName, type: string): Promise<DnsMessage> {
    this.asked.push(`${name} ${type}`);
    await Promise.resolve();
    if (this.rcode === null) throw new DnsError('unreachable', 'maybe', { text: 'no answer in time' });
    const query = {
      ...queryMessage(name, type),
      flags: { ...noFlags, qr: true, aa: this.aa },
      rcode: this.rcode,
    };
    if (this.rcode !== rcodes.NOERROR) return query;
    const answers = this.#at(name, type).map((record) => wire({ ...record, name }));
    return answers.length > 0 ? { ...query, answers } : { ...query, authority: [wire(soaOf(this.zone))] };
  }

  close(): void {
    this.closed = true;
  }

  /**
   * Records at the name, or those of the wildcard that covers the name (RFC 4592). A CNAME answers queries of
   * every type.
   */
  #at(name: DnsName, type: string): readonly ResourceRecord[] {
    const own = this.records.filter((record) => record.name === name);
    const made = own.length > 0 ? own : this.records.filter((record) => isWildcardOver(record.name, name));
    return made.filter((record) => record.type === type || record.type === 'CNAME');
  }
}

function isWildcardOver(wildcard: DnsName, name: DnsName): boolean {
  return labels(wildcard)[0] === '*' && name.endsWith(wildcard.slice(1)) && name !== wildcard;
}

function wire({ name, type, ttl, rdata }: ResourceRecord): WireRecord {
  return { name, type, class: classes.IN, ttl: ttl ?? 0, rdata };
}

export function soaOf(zone: DnsName): ResourceRecord {
  return { name: zone, type: 'SOA', ttl: 3_600, rdata: 'ns1.example.net. hostmaster.example.net. 1 2 3 4 5' };
}
