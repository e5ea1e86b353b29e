/** Checks of what the gateway has stored: owners of zones, tokens, and times that the clock contradicts. */
import { note, ok, problemFound, warning, type Finding } from '../../../app/doctor/finding.ts';
import { displayName, type DnsName } from '../../../dns/name.ts';
import { counted } from '../../../core/describe.ts';
import { databaseDoubtOf } from '../../../gateway/audit/database-guard.ts';
import { HeadsFile } from '../../../gateway/audit/heads-file.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';
import type { Storage, StoredToken } from '../../../gateway/storage/storage.ts';
import type { OwnersCompared } from '../../../gateway/work/compare-owners.ts';
import { localTime } from '../../output.ts';

const day = 86_400_000;
/** A token that ends within so many days is reported. */
const soon = 14;
/** How far the clock may be behind the newest entry of the audit without a finding, milliseconds. */
const mostBehind = 2_000;
/** A finding names at most so many zones or tokens. */
const mostNamed = 5;

/** Whether the clock is behind what the gateway has stored. */
export async function checkClock(storage: Storage, wall: number): Promise<Finding[]> {
  const { number } = await storage.auditHead();
  const [newest] = number === 0 ? [] : await storage.audit(number - 1, 1);
  if (newest === undefined || newest.at - wall <= mostBehind)
    return [ok('clock', `${localTime(wall)}, not before the newest entry of the audit`)];
  const behind = Math.round((newest.at - wall) / 1_000);
  const text = `the clock is ${behind} s behind the newest entry of the audit`;
  return [problemFound('clock', text, 'set the clock of this machine (systemctl status systemd-timesyncd)')];
}

/** Whether an older copy of the database was put back, so that the gateway does not write. */
export async function checkDoubt(storage: Storage, { auditHeads }: GatewaySettings): Promise<Finding[]> {
  const doubt = await databaseDoubtOf({ storage, heads: new HeadsFile(auditHeads) });
  if (doubt === null) return [];
  const text = `the gateway writes nothing, because its database may not be the newest (${doubt})`;
  return [problemFound('database', text, 'see what differs: "gateway accept-database"')];
}

/** Reports how the owners that the database has differ from the zones of the name servers. */
export function checkZoneOwners({ unowned, missing, claims }: OwnersCompared): Finding[] {
  const found: Finding[] = [];
  if (missing.length > 0) {
    const zones = named(missing.map(({ zone }) => zone));
    const text = `${counted(missing.length, 'zone')} with an owner that the name server lacks: ${zones}`;
    found.push(warning('owners', text, 'make them there again, or "gateway zone release ZONE"'));
  }
  if (claims.length > 0) {
    const zones = named(claims.map(({ zone }) => zone));
    const text = `${counted(claims.length, 'zone')} of which nobody knows whether they were made: ${zones}`;
    found.push(
      warning(
        'owners',
        text,
        'the gateway finds it out within a minute, if it runs and the name server answers',
      ),
    );
  }
  if (unowned.length > 0) {
    const text = `${counted(unowned.length, 'zone')} without an owner, so it is yours: ${named(unowned)}`;
    found.push(note('owners', text, 'a customer gets it with "gateway zone assign ZONE CUSTOMER"'));
  }
  return found.length > 0 ? found : [ok('owners', 'the name server has exactly the zones that have owners')];
}

function named(zones: readonly DnsName[]): string {
  const first = zones.slice(0, mostNamed).map(displayName);
  return `${first.join(', ')}${zones.length > mostNamed ? ' ...' : ''}`;
}

/** Reports zones that somebody else has changed at the name server itself. */
export async function checkDrift(storage: Storage, { driftEvery }: GatewaySettings): Promise<Finding[]> {
  const check = 'drift';
  const zones = await storage.drift.list({ after: null, most: mostNamed + 1 });
  const unserved = zones.filter(({ state }) => state === 'no-soa').map(({ zone }) => zone);
  const found: Finding[] = [];
  if (unserved.length > 0) {
    const text = `without an SOA record, so the name server does not serve them: ${named(unserved)}`;
    const wayOut = 'PowerDNS: "pdnsutil add-record ZONE @ SOA ...", or let the customer make the zone anew';
    found.push(warning(check, text, wayOut));
  }
  if (zones.length > 0) {
    const { driftedZones } = await storage.counts();
    const text = `${counted(driftedZones, 'zone')} changed at the name server itself: ${named(zones.map(({ zone }) => zone))}`;
    found.push(
      warning(check, text, 'see "gateway drift ZONE"; if it is wanted, "gateway drift accept ZONE"'),
    );
  }
  if (driftEvery === 0)
    found.push(note(check, 'zones are not compared with what the gateway left ("drift_every = 0")'));
  return found.length > 0 ? found : [ok(check, 'nobody else has changed a zone, as far as was seen')];
}

/** Tokens that end soon, and tokens of panels and of the operator that are accepted from everywhere. */
export async function checkTokens(storage: Storage, wall: number): Promise<Finding[]> {
  const tokens: StoredToken[] = [];
  for (const { id } of await storage.customers()) tokens.push(...(await storage.tokens(id)));
  const isInUse = ({ revokedAt, expiresAt }: Pick<StoredToken, 'revokedAt' | 'expiresAt'>): boolean =>
    revokedAt === null && (expiresAt === null || expiresAt > wall);
  const inUse = tokens.filter(isInUse);
  const operators = (await storage.operators()).filter(isInUse);
  const ending = inUse.filter(({ expiresAt }) => expiresAt !== null && expiresAt - wall < soon * day);
  // A token of a panel is known by its right to create zones, which only the preset `panel` has.
  const open = inUse.filter(({ networks, rights }) => networks.length === 0 && rights.createZones.length > 0);
  const openOperators = operators.filter(({ networks }) => networks.length === 0);
  const found = [
    ...few(openOperators, ({ id, label }) => {
      const text = `token ${id} of the operator${inBrackets(label)} is accepted from every address`;
      const wayOut = `"gateway operator add --from ADDRESS", then "gateway operator revoke ${id}"`;
      return warning('tokens', text, wayOut);
    }),
    ...few(ending, (one) => {
      const text = `${told(one)} ends on ${localTime(one.expiresAt ?? 0)}`;
      return warning('tokens', text, `make another one: "gateway token add ${one.customer}"`);
    }),
    ...few(open, (one) => {
      const text = `${told(one)} may create zones, and is accepted from every address`;
      return warning('tokens', text, `make another one with --from, then "gateway token revoke ${one.id}"`);
    }),
  ];
  return found.length > 0
    ? found
    : [ok('tokens', `${inUse.length} are in use, none ends within ${soon} days`)];
}

/** A finding for each of the first tokens, and one for all others. */
function few<T>(tokens: readonly T[], find: (one: T) => Finding): Finding[] {
  const found = tokens.slice(0, mostNamed).map(find);
  const [last] = found.slice(-1);
  const more = tokens.length - found.length;
  if (more > 0 && last !== undefined)
    found.push({ ...last, text: `the same is true of ${more} more tokens` });
  return found;
}

function told({ id, label, customer }: StoredToken): string {
  return `token ${id} of ${customer}${inBrackets(label)}`;
}

function inBrackets(label: string): string {
  return label === '' ? '' : ` (${label})`;
}
