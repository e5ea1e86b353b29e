import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { isEmptyChange, type Change } from '../../dns/zone.ts';
import { refusal } from '../catalogue.ts';
import type { CallContext } from '../central.ts';
import { isFinal, type Operation, type OperationItem } from '../operation.ts';
import { readCentralZone } from './central-zone.ts';
import { createFollowing } from './compare.ts';
import { lookForLateEdits } from './late-edits.ts';
import { landed, mayLandLate } from './made-zone.ts';
import { newOperation } from './operations.ts';
import type { Runtime } from './runtime.ts';

/**
 * Looks after writes of unknown outcome: a slow request may land after its edit was refused or undone. The records concerned
 * are brought to the latest verdict, and the zone wakes itself until the watch is over (design: "Writing").
 * @throws {CentralError | JournalError} when it has to be tried again
 */
export async function tendWatch(runtime: Runtime, zone: DnsName, open: readonly Operation[]): Promise<void> {
  const wall = runtime.ports.clock.wall();
  const onWatch = open.filter(({ state, watchUntil }) => isFinal(state) && watchUntil > wall);
  if (onWatch.length === 0) return;
  await lookForLateEdits(runtime, zone, onWatch);
  for (const create of onWatch.filter(({ kind }) => kind === 'zone-create'))
    await lookForZone(runtime, create);
  if (onWatch.some(mayDeleteLate)) await lookForLoss(runtime, zone);
  const watched = onWatch.filter(
    ({ kind, added, removed }) => kind !== 'zone-delete' && added.length + removed.length > 0,
  );
  if (watched.length > 0) await lookAtNames(runtime, zone, watched);
  const oldest = Math.min(...onWatch.map(({ changedAt }) => wall - changedAt));
  const left = Math.max(...onWatch.map(({ watchUntil }) => watchUntil - wall));
  // Most late requests land within seconds: look often at first, then ever less, and once at the end.
  runtime.wakeZone(zone, Math.min(left, Math.max(runtime.ports.settings.readGap, oldest / 2)));
}

/**
 * A create that was undone, or whose zone was deleted since, may still land. Nobody can tell such a zone from one that a person has just
 * made: it is left and listed as stuck.
 */
async function lookForZone(runtime: Runtime, create: Operation): Promise<void> {
  const { journal, clock } = runtime.ports;
  const { zone, incarnation } = create;
  if (!create.requested || (await journal.zone(zone)) !== null) return;
  const content = await runtime.step(create.id, (ctx) => readCentralZone(runtime, zone, [], ctx));
  if (content === null) return;
  runtime.ports.log(2, 'late-write', { operation: create.id, zone, records: content.length });
  const isTakenBack = create.state === 'reverted' || create.state === 'refused';
  if (isTakenBack && mayLandLate(runtime, create)) {
    const proven = await landed(runtime, create, content);
    await runtime.store.advance(proven, 'reverting');
    runtime.wakeZone(zone, 0);
    return;
  }
  const problems = [refusal('zone.maybe-ours', { zone })];
  const draft = newOperation(runtime, { kind: 'zone-create', class: 'follow', zone, incarnation, problems });
  // With an entry, comparisons look at the zone, and the operation ends once both sides agree.
  const entry = { zone, standing: 'creating', incarnation, baselineAt: clock.wall(), note: null } as const;
  await runtime.store.transact(async (tx) => {
    await tx.amend(create, () => ({ requested: false }));
    tx.create({ ...draft, requested: true, afterSeen: true }, 'stuck');
    await tx.zone(null, entry);
  });
  runtime.ports.log(1, 'operation.stuck', { operation: draft.id, code: 'zone.maybe-ours' });
}

function mayDeleteLate({ kind, state }: Operation): boolean {
  return kind === 'zone-create' || (kind === 'zone-delete' && state === 'confirmed');
}

/** A delete of unknown outcome may land after the zone was created anew: then it is created once more. */
async function lookForLoss(runtime: Runtime, zone: DnsName): Promise<void> {
  if ((await runtime.ports.journal.zone(zone))?.standing !== 'joined') return;
  await runtime.step('-', async (ctx) => {
    const held = await runtime.locks.acquire(zone, null, ctx.signal);
    try {
      if ((await runtime.ports.central.readZone(zone, [], ctx)) !== null) return;
      runtime.ports.log(2, 'late-write', { operation: '-', zone, records: 0 });
      await createFollowing(runtime, zone, 'late-write');
    } finally {
      held.release();
    }
  });
}

async function lookAtNames(runtime: Runtime, zone: DnsName, watched: readonly Operation[]): Promise<void> {
  const names = [
    ...new Set(watched.flatMap(({ added, removed }) => [...added, ...removed].map(({ name }) => name))),
  ];
  await runtime.step('-', async (ctx) => {
    const held = await runtime.locks.acquire(zone, names, ctx.signal);
    try {
      await lookUnderLock(runtime, zone, watched, names, ctx);
    } finally {
      held.release();
    }
  });
}

async function lookUnderLock(
  runtime: Runtime,
  zone: DnsName,
  watched: readonly Operation[],
  names: readonly DnsName[],
  ctx: CallContext,
): Promise<void> {
  const { journal, central, clock } = runtime.ports;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  // In a zone that may be somebody else's nothing is ours, whatever it equals.
  if (open.some(({ kind, state, requested }) => kind === 'zone-create' && state === 'stuck' && requested))
    return;
  const present = await central.readNames(zone, names, ctx);
  if (present === null) return;
  const rows = await journal.rows(zone);
  const recent = await journal.operations({ zone, latest });
  const joined = new Map(rows.map(({ record, standing }) => [recordId(record), standing === 'joined']));
  const change = lateChange(zone, { recent, joined }, watched, new Set(present.map(recordId)));
  if (isEmptyChange(change)) return;
  const repair = newOperation(runtime, {
    kind: 'records',
    class: 'follow',
    zone,
    items: [
      ...change.remove.map((remove) => ({ remove, add: null, mirrored: true, note: 'note.late-write' })),
      ...change.add.map((add) => ({ remove: null, add, mirrored: true, note: 'note.late-write' })),
    ],
    removed: change.remove,
    added: change.add,
    afterSeen: true,
  });
  runtime.ports.log(2, 'late-write', { operation: repair.id, zone, records: repair.items.length });
  runtime.inFlight.add(repair.id);
  try {
    await runtime.store.create(repair);
    await central.apply(change, present, ctx);
    await runtime.store.advance(repair, 'confirmed');
  } finally {
    runtime.inFlight.delete(repair.id);
  }
}

/** How many of a zone's newest operations are asked for their verdict. */
const latest = 30;

interface Verdicts {
  /** Newest first. */
  readonly recent: readonly Operation[];
  /** Every record of the ledger, and whether it is joined. */
  readonly joined: ReadonlyMap<string, boolean>;
}

/** What differs from the latest verdict among the records that the watched operations wrote. */
function lateChange(
  zone: DnsName,
  verdicts: Verdicts,
  watched: readonly Operation[],
  centralIds: ReadonlySet<string>,
): Change {
  const remove = new Map<string, ResourceRecord>();
  const add = new Map<string, ResourceRecord>();
  for (const record of watched.flatMap((operation) => [...operation.added, ...operation.removed])) {
    const id = recordId(record);
    const wanted = latestVerdict(verdicts, id);
    if (wanted === null || wanted === centralIds.has(id)) continue;
    (wanted ? add : remove).set(id, record);
  }
  return { zone, remove: [...remove.values()], add: [...add.values()] };
}

/** Whether a record should be at the central, by the newest accepted edit, else by the ledger; `null` = not ours to say. */
function latestVerdict({ recent, joined }: Verdicts, id: string): boolean | null {
  for (const { state, items } of recent) {
    const item = items.find((one) => one.mirrored && mentions(one, id));
    if (item === undefined || state === 'refused' || state === 'reverted') continue;
    // What a confirmed operation left, item by item, stands in the ledger.
    if (state === 'confirmed') break;
    if (state !== 'applied' && state !== 'kept') return null;
    return item.add !== null && recordId(item.add) === id;
  }
  const agreed = joined.get(id);
  return agreed === undefined ? false : agreed || null;
}

function mentions({ remove, add }: OperationItem, id: string): boolean {
  return [remove, add].some((record) => record !== null && recordId(record) === id);
}
