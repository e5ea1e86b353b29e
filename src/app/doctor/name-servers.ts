import { sightOf } from '../../centrals/verified/goal.ts';
import type { AskedServer } from '../../centrals/verified/ask.ts';
import { JournalError } from '../../core/journal.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import type { Settings } from '../../config/settings.ts';
import { DnsError } from '../../net/dns/dns-error.ts';
import type { Paths } from '../paths.ts';
import { inJournal } from '../wiring/in-journal.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';

const check = 'name servers';

/**
 * Asks each name server of `[verify]` for one zone, to find out whether its answers can prove that edits are
 * live.
 * @param zone a zone that all of them should serve; null: no zone is synced yet
 * @param strict whether edits are refused while a name server fails
 */
export async function checkNameServers(
  servers: readonly AskedServer[],
  zone: DnsName | null,
  strict: boolean,
): Promise<Finding[]> {
  if (servers.length === 0) return [];
  if (zone === null)
    return [note(check, 'no zone is mirrored yet that they could be asked for', 'ask again later')];
  try {
    return await Promise.all(servers.map(async (server) => await checkOne(server, zone, strict)));
  } finally {
    for (const server of servers) server.close();
  }
}

async function checkOne(server: AskedServer, zone: DnsName, strict: boolean): Promise<Finding> {
  const bad = strict ? problemFound : warning;
  const cost = strict ? ' ([verify] mode is strict: edits are refused until then)' : '';
  const shown = displayName(zone);
  const fault = (text: string, way: string): Finding => bad(check, `${server.name} ${text}`, `${way}${cost}`);
  try {
    const answer = await server.ask(zone, 'SOA', AbortSignal.timeout(patience));
    const sight = sightOf(answer, { zone, name: zone, type: 'SOA' });
    if (sight.kind === 'failed') return fault(`answers ${sight.rcode} for ${shown}`, 'read its log');
    if (sight.kind !== 'data' || sight.rdata.size === 0)
      return fault(`does not serve ${shown}`, 'ask the provider, or take it out of [verify] servers');
    if (!answer.flags.aa)
      return warning(
        check,
        `${server.name} answers for ${shown} from a cache: it is a resolver, and shows new data only when the old ones expire`,
        'name the authoritative name servers in [verify] servers',
      );
    return ok(check, `${server.name} serves ${shown}`);
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    const cause = error.params['text'] ?? error.kind;
    return fault(`does not answer (${cause})`, 'look whether it runs, and the firewall');
  }
}

/** How long a name server may take to answer, milliseconds. */
const patience = 5_000;

/** The first zone of the ledger in the state `synced`; null: there is none, or the journal cannot be read. */
export async function syncedZone(paths: Paths, settings: Settings): Promise<DnsName | null> {
  try {
    const zones = await inJournal(paths, settings, (journal) => journal.zones());
    return zones?.find(({ state }) => state === 'synced')?.zone ?? null;
  } catch (error) {
    // The check of the journal reports this error.
    if (error instanceof JournalError) return null;
    throw error;
  }
}
