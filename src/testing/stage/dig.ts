/** Asks name servers with `dig` and the resolver of Node.js, neither of which uses the product's code. */
import { Resolver } from 'node:dns/promises';
import { runProgram } from '../servers/process.ts';
import type { Held, PublicView } from './central-side.ts';
import { meaning } from './panel-words.ts';

/** Queries a server on 127.0.0.1 as the public would. */
export function publicView(port: number): PublicView & {
  /** The serial of the zone's SOA. @throws Error when the server does not have the zone */
  readonly serial: (zone: string) => Promise<number>;
} {
  const resolver = new Resolver({ timeout: 20_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return {
    serial: async (zone) => (await resolver.resolveSoa(zone)).serial,
    command: (name, type) => `dig @127.0.0.1 -p ${port} ${name} ${type}`,
    lines: async (name, type) => {
      // `dig` ends with status 9 when no server answers.
      const said = await dig(port, '+noall', '+comments', '+answer', name, type).catch(() => '');
      const records = said.split('\n').flatMap((line) => recordLine(line) ?? []);
      if (records.length > 0)
        return records.map(({ owner, ttl, type: its, data }) => `${owner} ${ttl} ${its} ${data}`);
      const status = /status: (\w+)/u.exec(said)?.[1] ?? 'no answer';
      return [inWords[status] ?? `${status} (no ${type} there)`];
    },
    time: async (name, type) => {
      const started = performance.now();
      await resolver.resolve(name, type).catch(() => []);
      return performance.now() - started;
    },
  };
}

const inWords: Readonly<Record<string, string>> = {
  NXDOMAIN: 'NXDOMAIN (no such name)',
  REFUSED: 'REFUSED (no such zone here)',
  'no answer': 'no answer',
};

/** Whether the server has a zone with this name, judged by the answer to a query for its SOA. */
export async function servesZone(port: number, zone: string): Promise<boolean> {
  const said = await dig(port, '+noall', '+answer', zone, 'SOA');
  return recordLine(said.split('\n')[0] ?? '')?.owner === `${zone}.`;
}

/**
 * Reads the zone by zone transfer, without its SOA and apex NS records. Null: the server does not have the
 * zone.
 * @param keyFile a file with the TSIG key that may transfer the zone; null: no key is needed
 * @throws Error when the server has the zone and refuses the transfer
 */
export async function transferred(
  port: number,
  zone: string,
  keyFile: string | null,
): Promise<Held[] | null> {
  const key = keyFile === null ? [] : ['-k', keyFile];
  const said = await dig(port, ...key, '+noall', '+answer', '+onesoa', zone, 'AXFR');
  const records = said.split('\n').flatMap((line) => recordLine(line) ?? []);
  if (records.length === 0) {
    if (await servesZone(port, zone)) throw new Error(`no transfer of ${zone}: ${said}`);
    return null;
  }
  return records
    .filter(({ type, owner }) => type !== 'SOA' && (type !== 'NS' || owner !== `${zone}.`))
    .map(({ owner, ttl, type, data }) => ({
      name: owner,
      ttl: Number(ttl),
      meaning: meaning({ name: owner, type, value: valueOf(type, data) }, zone),
    }));
}

async function dig(port: number, ...words: readonly string[]): Promise<string> {
  return await runProgram('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=20', ...words]);
}

interface RecordLine {
  readonly owner: string;
  readonly ttl: string;
  readonly type: string;
  readonly data: string;
}

/** Parses a line `name TTL IN type data` of dig; null: the line is no record. */
function recordLine(line: string): RecordLine | null {
  const [, owner, ttl, type, data] = /^([^;\s]\S*)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$/u.exec(line) ?? [];
  if (owner === undefined || ttl === undefined || type === undefined || data === undefined) return null;
  return { owner: owner.toLowerCase(), ttl, type, data };
}

/** Number of fields before the hexadecimal field, which dig may break by spaces. */
const beforeHex: Readonly<Record<string, number>> = { DS: 3, TLSA: 3 };

/**
 * The data as a user writes them: text in one piece and without quotes, digests in lower case without spaces.
 */
function valueOf(type: string, data: string): string {
  if (type === 'TXT') return textOf(data);
  if (type === 'CAA') return data.replaceAll('"', '');
  const fields = data.split(/\s+/u);
  const count = beforeHex[type];
  if (count === undefined) return data.toLowerCase();
  return [...fields.slice(0, count), fields.slice(count).join('').toLowerCase()].join(' ');
}

/** Joins the character-strings that dig prints (RFC 1035 section 5.1) into one text in UTF-8. */
function textOf(data: string): string {
  const octets: number[] = [];
  for (const [, quoted = ''] of data.matchAll(/"((?:[^"\\]|\\.)*)"/gsu)) {
    for (const [whole, decimal] of quoted.matchAll(/\\(\d{3})|\\.|[^\\]/gsu))
      octets.push(decimal === undefined ? whole.charCodeAt(whole.length - 1) : Number(decimal));
  }
  return Buffer.from(octets).toString('utf8');
}
