import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { journalStatus, zoneView, type ZoneView } from '../../../app/answers/journal-status.ts';
import type { Journal } from '../../../core/journal.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import { isForgotten } from '../../../core/engine/knowledge/forgotten.ts';
import { waitsForYes } from '../../../core/engine/before/signed-delete.ts';
import type { ZoneEntry } from '../../../core/ledger.ts';
import { isFinal, type Operation } from '../../../core/operation.ts';
import { isAbout, type Provenance } from '../provenance.ts';
import type { CentralStore } from '../sim-central.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Judgement } from './judgement.ts';
import { checkLedger } from './ledger.ts';
import { itemsOf } from './operation-parts.ts';
import type { Pair } from './pair.ts';

/**
 * Checks that both sides agree at the end (docs/architecture.md#the-promise): every edit is on both sides or
 * on neither, and no operation is open. Records of other writers may differ if they are listed.
 */
export async function checkAgreement(
  world: Pair,
  journal: Journal,
  wall: number,
  witness: JournalWitness,
  judgement: Judgement,
): Promise<void> {
  const status = await journalStatus(journal, wall);
  if (status.baselineAt === null)
    judgement.violate('engine.baseline', 'the first comparison was never completed');
  if (status.open > 0) judgement.violate('agreement.open', `${status.open} operations are still open`);
  for (const stuck of status.stuck) checkStuck(world, stuck, judgement);
  const zones = new Set([...world.panel.zones.keys(), ...world.central.zones.keys()]);
  for (const zone of zones) checkZone(world, zone, await zoneView(journal, zone, wall), judgement);
  for (const zone of zones.union(witness.everKnown)) {
    checkLedger(world, witness, zone, await zoneView(journal, zone, wall), judgement);
  }
}

function checkStuck({ causes, central }: Pair, stuck: Operation, judgement: Judgement): void {
  const names = new Set(
    itemsOf(stuck).flatMap(({ remove, add }) => [remove?.name ?? [], add?.name ?? []].flat()),
  );
  if (causes.isDisturbed(stuck.zone, stuck.kind === 'records' ? names : undefined)) judgement.excuse('stuck');
  // If nobody could confirm the delete of a signed zone, the delete waits for an administrator.
  else if (waitsForYes(stuck) && central.signed.has(stuck.zone)) judgement.excuse('second-yes');
  else if (isUnproven(stuck, central)) judgement.excuse('maybe-ours');
  else if (isForgotten(stuck) || causes.isForgottenIn(stuck.zone)) judgement.excuse('older-journal');
  else if (central.foreign.has(stuck.zone)) judgement.excuse('foreign-zone');
  // The panel has deleted the zone, but the central refuses to delete it. So the delete waits for an
  // administrator.
  else if (stuck.kind === 'zone-delete' && central.refused.has(stuck.zone)) judgement.excuse('stuck');
  else {
    const why = stuck.problems[0]?.code;
    judgement.violate('agreement.stuck', `operation ${stuck.id} is stuck without a cause: ${why}`);
  }
}

/**
 * Whether the stuck operation is a create whose zone nobody read back. Or it is a delete of such a zone that
 * did not see the zone either. The zone is kept and listed.
 */
function isUnproven(operation: Operation, { late, unproven }: CentralStore): boolean {
  const { kind, zone, problems } = operation;
  const isUnseen = kind === 'zone-create' || (kind === 'zone-delete' && operation.wasThere !== true);
  const isListed = problems.some(({ code }) => code === 'zone.maybe-ours');
  return isUnseen && isListed && (late.has(zone) || unproven.has(zone));
}

function checkZone(world: Pair, zone: DnsName, view: ZoneView, judgement: Judgement): void {
  const panel = world.panel.zones.get(zone);
  const central = world.central.zones.get(zone);
  if (view.entry?.state === 'excluded') {
    judgement.excuse('excluded');
    return;
  }
  if (panel === undefined || central === undefined) {
    const where = panel === undefined ? 'at the central' : 'in the panel';
    if (!mayStandAlone(world, zone, view, central === undefined, judgement))
      judgement.violate('agreement.zone', `${zone} is ${where} only (${view.entry?.state})`);
    return;
  }
  if (view.entry?.state !== 'synced') {
    judgement.violate('agreement.state', `${zone} is on both sides but ${view.entry?.state}`);
    return;
  }
  for (const [id, record] of new Map([...panel, ...central]))
    checkRecord(world, view, { zone, record, here: panel.get(id), there: central.get(id) }, judgement);
}

/**
 * A record, and its version in the panel (`here`) and at the central (`there`); undefined: that side does not
 * have it.
 */
interface Both {
  readonly zone: DnsName;
  readonly record: ResourceRecord;
  readonly here: ResourceRecord | undefined;
  readonly there: ResourceRecord | undefined;
}

function checkRecord(world: Pair, view: ZoneView, both: Both, judgement: Judgement): void {
  const { zone, record, here, there } = both;
  if (here !== undefined && there !== undefined) {
    checkTtl(world, both, judgement);
    return;
  }
  if (isCentralsOwn(zone, record)) return;
  const side = here === undefined ? 'at the central only' : 'in the panel only';
  const cause = world.causes.of(zone, record) ?? (isBesideAlias(world, both) ? 'alias' : null);
  if (cause === null && isOfForgotten(world, zone, record)) judgement.excuse('observed');
  else if (cause === null && isBesideForgotten(world, zone, record) && listed(view, record))
    judgement.excuse('older-journal');
  else if (cause === null) judgement.violate('agreement.record', `${side}: ${formatRecord(record)}`);
  else if (listed(view, record) || unseen(world, view, record)) judgement.excuse(cause);
  else judgement.violate('agreement.unlisted', `not listed, ${side}: ${formatRecord(record)}`);
}

/**
 * Whether the panel holds an alias and other records at one name, and the central lacks this one of them. No
 * engine adds a record there (RFC 1034 section 3.6.2).
 */
function isBesideAlias({ panel, central }: Pair, { zone, record, here }: Both): boolean {
  const there = central.zones.get(zone);
  return [...(panel.zones.get(zone) ?? [])].some(
    ([id, other]) =>
      here !== undefined &&
      id !== recordId(record) &&
      other.name === record.name &&
      (other.type === 'CNAME' || record.type === 'CNAME') &&
      there?.has(id) === true,
  );
}

/**
 * Whether an operation that was open when the ledger was forgotten wrote the record, or may have written it.
 */
function isOfForgotten({ central, witness }: Pair, zone: DnsName, record: ResourceRecord): boolean {
  const { requests } = central.provenance;
  return requests.some(
    (request) =>
      request.zone === zone && isAbout(request, recordId(record)) && witness.isOfForgotten(request.operation),
  );
}

/**
 * Whether only one side had the record when a forgotten create or delete of the zone ended, because both
 * sides had the zone. The comparison that ends it takes a baseline, so no record counts as new.
 */
function isBesideForgotten(
  { panel, central, witness }: Pair,
  zone: DnsName,
  record: ResourceRecord,
): boolean {
  const id = recordId(record);
  return [...witness.operations.values()].some(({ operation, states }) => {
    const last = states.at(-1);
    if (operation.zone !== zone || operation.kind === 'records' || last === undefined) return false;
    const isEnded = isFinal(last.state) && states.at(-2)?.state === 'stuck';
    const had = [panel, central].map(({ provenance }) => provenance.had(zone, id, last.at));
    return isEnded && witness.isOfForgotten(operation.id) && had[0] !== had[1];
  });
}

function checkTtl(
  { causes, central }: Pair,
  { zone, record, here, there }: Both,
  judgement: Judgement,
): void {
  if (here === undefined || there === undefined || !otherTtl(here, there)) return;
  const cause = causes.of(zone, record);
  if (cause !== null) judgement.excuse(cause);
  else if (central.late.has(`${zone} ${recordId(record)}`)) judgement.excuse('late-ttl');
  else judgement.violate('agreement.ttl', `TTL ${here.ttl} here, ${there.ttl} there: ${formatRecord(here)}`);
}

/**
 * Whether the engine cannot see the record. If a central cannot read whole zones, the engine sees only names
 * and types that the panel or the ledger have.
 */
function unseen({ byName, panel }: Pair, { entry, rows }: ZoneView, { name, type }: ResourceRecord): boolean {
  const held =
    (entry === null ? undefined : panel.zones.get(entry.zone)) ?? new Map<string, ResourceRecord>();
  const known = [...held.values(), ...rows.map(({ record }) => record)];
  return byName && !known.some((record) => record.name === name && record.type === type);
}

/**
 * Whether a zone may be on one side only. Either it was so from the start, or somebody else changed one side
 * and the zone is listed.
 */
function mayStandAlone(
  pair: Pair,
  zone: DnsName,
  view: ZoneView,
  panelOnly: boolean,
  judgement: Judgement,
): boolean {
  const { central, causes } = pair;
  const { entry, open } = view;
  if (open.some(({ state }) => state === 'stuck')) return judgement.excuse('stuck');
  if (panelOnly && entry?.state === 'panel-only' && isOldZone(pair, zone))
    return judgement.excuse('old-zone');
  if (!panelOnly && entry === null && isProviders({ central, causes }, zone))
    return judgement.excuse('provider-zone');
  if (isLeftWhileObserving(pair, zone, view, panelOnly)) return judgement.excuse('observed');
  if (isLeftByCopy(pair, zone, view, panelOnly)) return judgement.excuse('older-journal');
  const isListed = hasNote(entry);
  const isRefused = panelOnly && central.refused.has(zone);
  return isListed && (isRefused || causes.isDisturbed(zone)) && judgement.excuse('listed-zone');
}

/**
 * Whether an older journal explains that only one side has the zone, and the zone is listed. If the older
 * copy did not know the zone, the zone counts like any other zone of the account (docs/adoption.md, row 19).
 */
function isLeftByCopy(
  { central, causes, baselineAt, forgottenZones }: Pair,
  zone: DnsName,
  { entry }: ZoneView,
  panelOnly: boolean,
): boolean {
  if (!causes.isForgotten(zone, '')) return false;
  if (entry !== null) return hasNote(entry) || (panelOnly && entry.state === 'panel-only');
  const isKnown = forgottenZones.has(zone) && central.provenance.had(zone, '', baselineAt ?? Infinity);
  return !panelOnly && !isKnown;
}

function hasNote(entry: ZoneEntry | null): boolean {
  return entry !== null && entry.note !== null;
}

/** Whether the panel already had the zone when the first comparison ended. */
function wasFirst(
  { panel: { provenance }, baselineAt }: Pick<Pair, 'panel' | 'baselineAt'>,
  zone: DnsName,
): boolean {
  const came = provenance.effects.find((effect) => effect.zone === zone && effect.record === null);
  return provenance.atStart.has(zone) || (came?.at ?? Infinity) <= (baselineAt ?? Infinity);
}

/** Whether the panel already had the zone when the first comparison ended, and the central lacked it then. */
function isOldZone({ panel, central, baselineAt }: Pair, zone: DnsName): boolean {
  return wasFirst({ panel, baselineAt }, zone) && !hadZone(central.provenance, zone, baselineAt);
}

/** Whether only the central has the zone, because the panel deleted it while the engine only observed. */
function isLeftWhileObserving(
  { observes, causes }: Pair,
  zone: DnsName,
  { entry }: ZoneView,
  panelOnly: boolean,
): boolean {
  return observes && !panelOnly && entry === null && causes.isDisturbed(zone);
}

/** Whether the side had the zone at the time `at` (monotonic milliseconds; null: now). */
function hadZone({ atStart, effects }: Provenance, zone: DnsName, at: number | null): boolean {
  const last = effects.findLast(
    (effect) => effect.zone === zone && effect.record === null && effect.at <= (at ?? Infinity),
  );
  return last?.present ?? atStart.has(zone);
}

/**
 * Whether somebody else created the zone at the central, and no user has deleted it in the panel since then.
 */
function isProviders({ central, causes }: Pick<Pair, 'central' | 'causes'>, zone: DnsName): boolean {
  const origin = central.provenance.originOfZone(zone);
  return origin?.writer === 'somebody' && !causes.isDeletedSince(zone, origin.at);
}

/**
 * Whether the administrator is shown the difference: the record's row is not synced, or an operation on it is
 * open.
 */
function listed(view: ZoneView, record: ResourceRecord): boolean {
  const same = (other: ResourceRecord | null): boolean =>
    other !== null &&
    other.name === record.name &&
    other.type === record.type &&
    other.rdata === record.rdata;
  return (
    view.rows.some((row) => same(row.record) && row.state !== 'synced') ||
    view.open.flatMap(itemsOf).some(({ remove, add }) => same(remove) || same(add))
  );
}
