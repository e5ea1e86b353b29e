/** Checks at the end of a crash story that panel, central and journal obey the laws of the simulator. */
import { setTimeout as after } from 'node:timers/promises';
import { ask } from '../../app/control/client.ts';
import { inJournal } from '../../app/wiring/in-journal.ts';
import { loadSettings } from '../../config/settings.ts';
import { outcomeIn } from '../../core/history.ts';
import { parseName, zoneName, type DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Journal } from '../../core/journal.ts';
import { JournalWitness } from '../simulator/journal-witness.ts';
import { checkAgreement } from '../simulator/laws/agreement.ts';
import { Causes } from '../simulator/laws/causes.ts';
import { Judgement } from '../simulator/laws/judgement.ts';
import { CentralStore } from '../simulator/sim-central.ts';
import { PanelStore } from '../simulator/sim-panel.ts';
import { sandboxRecords, recordOf, type RefusedRecord } from './crash-central.ts';
import { findLeaks } from './leaks.ts';
import { logOf, othersZone, centralOnly, panelOnly, sharedZone, type Scene } from './scene.ts';
import { stopAgent } from './quiet.ts';
import { refusedInBulk } from './refusals.ts';
import { judgeSlots, type Knowledge } from './users.ts';
import { productProcesses } from './processes.ts';

/** All zones of the panel or of the central, each with its records. */
export type SideContent = ReadonlyMap<DnsName, readonly ResourceRecord[]>;

/** All zones of the customer, with their records, in the panel and at the central. */
export interface Sides {
  readonly panel: SideContent;
  readonly central: SideContent;
}

/** Reads all zones of the customer, with their records, from the panel and from the central. */
export async function readSides({ panel, central }: Scene): Promise<Sides> {
  const here = new Map<DnsName, readonly ResourceRecord[]>();
  for (const zone of await panel.zones()) {
    const records = await sandboxRecords(panel, zone);
    if (records !== null) here.set(zoneName(zone), records);
  }
  const there = new Map<DnsName, readonly ResourceRecord[]>();
  for (const zone of await central.zones()) {
    const records = await central.held(zone);
    if (records !== null) there.set(zoneName(zone), records);
  }
  return { panel: here, central: there };
}

/**
 * Checks every law at the end of a story, and stops the agent.
 * @param start records of both sides at the begin of the story
 * @param waits how long both sides may take to agree, milliseconds
 */
export async function judgeStory(
  scene: Scene,
  start: Sides,
  knowledge: Knowledge,
  { judgement, waits }: { readonly judgement: Judgement; readonly waits: number },
): Promise<void> {
  await awaitAgreement(scene, start, waits);
  const end = await readSides(scene);
  await judgeHistory(scene, end, judgement);
  judgeDeaths(scene, judgement);
  await stopAgent(scene);
  judgeAnswers(end, knowledge, judgement);
  judgeUntouched(end, judgement);
  if ((await scene.central.octets(othersZone)) !== scene.others)
    judgement.violate('foreign.zone', `${othersZone} of another customer has changed`);
  for (const place of await findLeaks(scene)) judgement.violate('stage.leaked', place);
  await judgeAgreement(scene, start, end, judgement);
}

/** How long both sides may take to agree after the end of a story, milliseconds, by the story's waits. */
export const longestComparison = { short: 60_000, default: 240_000 };

/**
 * Waits until the laws of agreement hold. Polls, because no event reports the end of a comparison. After
 * `longest` milliseconds it returns, and the caller reports the laws that are still broken.
 */
async function awaitAgreement(scene: Scene, start: Sides, longest: number): Promise<void> {
  const began = performance.now();
  while (performance.now() - began < longest) {
    const trial = new Judgement();
    await judgeAgreement(scene, start, await readSides(scene), trial);
    if (trial.violations.length === 0) {
      scene.tell(`both sides agree after ${Math.round(performance.now() - began)} ms`);
      return;
    }
    await after(200);
  }
  scene.tell('both sides do not come to agree');
}

function judgeAnswers(end: Sides, { slots, zones }: Knowledge, judgement: Judgement): void {
  const valuesOf = ({ zone, name }: { readonly zone: string; readonly name: string }): string[] => {
    const records = end.panel.get(zoneName(zone)) ?? [];
    const owner = parseName(name, zoneName(zone));
    return records.filter((one) => one.name === owner).map(({ rdata }) => rdata);
  };
  judgeSlots(slots, valuesOf, judgement);
  for (const { zone, may } of zones) {
    const isThere = end.panel.has(zoneName(zone));
    if (!may.has(isThere))
      judgement.violate(
        'answers.left',
        `zone ${zone} is ${isThere ? '' : 'not '}in the panel, against all answers`,
      );
  }
}

/** Checks that a record which only one side had before the installation is still on that side only. */
function judgeUntouched(end: Sides, judgement: Judgement): void {
  for (const [wanted, own, other] of [
    [panelOnly, 'panel', 'central'],
    [centralOnly, 'central', 'panel'],
  ] as const) {
    const id = recordId(recordOf(wanted, sharedZone));
    const has = (side: 'panel' | 'central'): boolean =>
      (end[side].get(zoneName(sharedZone)) ?? []).some((record) => recordId(record) === id);
    if (!has(own)) judgement.violate('foreign.removed', `${id} is gone from the ${own}`);
    if (has(other)) judgement.violate('alone.record', `${id} was written to the ${other}`);
  }
}

/**
 * If the newest history entry of a record says "both sides", checks that both sides really have its result.
 */
async function judgeHistory({ paths }: Scene, end: Sides, judgement: Judgement): Promise<void> {
  const seen = new Set<string>();
  let before: string | null = null;
  do {
    const asked = { filter: {}, before, most: 200, central: null };
    const page: Awaited<ReturnType<typeof ask<'history'>>> = await ask(paths.socket, 'history', asked);
    for (const entry of page.entries) {
      const items = entry.kind === 'records' || entry.kind === 'call' ? entry.items : [];
      const isBoth = outcomeIn(entry) === 'both-sides';
      for (const { remove, add } of entry.zone === zoneName(sharedZone) ? items : []) {
        for (const [record, present] of [
          [add, true],
          [remove, false],
        ] as const) {
          if (record === null || seen.has(record.name)) continue;
          if (isBoth) judgeRecord(end, record, present, judgement);
        }
      }
      for (const { remove, add } of items) for (const one of [remove, add]) if (one) seen.add(one.name);
    }
    before = page.next;
  } while (before !== null);
}

function judgeRecord(end: Sides, record: ResourceRecord, present: boolean, judgement: Judgement): void {
  const zone = zoneName(sharedZone);
  for (const side of ['panel', 'central'] as const) {
    const has = (end[side].get(zone) ?? []).some((one) => recordId(one) === recordId(record));
    if (has !== present) {
      const said = `the history says that both sides ${present ? 'have' : 'lack'} ${recordId(record)}`;
      judgement.violate('history.both-sides', `${said}; the ${side} does not`);
    }
  }
}

/** Checks that no agent has ended by itself: the story killed it, it was asked to end, or it still runs. */
function judgeDeaths(scene: Scene, judgement: Judgement): void {
  const log = logOf(scene);
  const pids = (event: string): Set<number> =>
    new Set(
      [...log.matchAll(new RegExp(String.raw`${event} pid=(\d+)`, 'gu'))].map(([, pid]) => Number(pid)),
    );
  const accounted = pids('agent.stop').union(scene.killedAgents);
  const alive = new Set(productProcesses(scene.directory, 'agent'));
  for (const pid of pids('agent.start'))
    if (!accounted.has(pid) && !alive.has(pid))
      judgement.violate('engine.running', `agent ${pid} died by itself`);
  for (const name of ['panel', 'proxy'] as const)
    if (scene[name].diedByItself) judgement.violate('stage.died', `the ${name} died by itself`);
  if (scene.central.diedByItself()) judgement.violate('stage.died', 'the central died by itself');
  for (const [line] of log.matchAll(/^.*(?:engine\.defect|history\.defect|TypeError).*$/gmu))
    judgement.violate('engine.defect', line.slice(0, 500));
}

/**
 * Checks the laws `agreement.*` and `ledger.*` of the simulator on the zones and the journal of this story.
 */
async function judgeAgreement(scene: Scene, start: Sides, end: Sides, judgement: Judgement): Promise<void> {
  const loaded = loadSettings(scene.paths.root);
  if (loaded.kind !== 'configured') throw new Error('the settings are not there any more');
  await inJournal(scene.paths, loaded.settings, async (journal) => {
    const { journalLost, central } = scene;
    const facts = { journalLost, byName: central.byName, refused: central.refused() };
    await judgeSides(facts, start, end, { journal, judgement });
  });
}

/** Facts about a story that the laws need, and cannot find in the panel, the central or the journal. */
export interface StoryFacts {
  readonly journalLost: boolean;
  /** As `CrashCentral.byName`. */
  readonly byName: boolean;
  /** New records that the central has refused. */
  readonly refused: readonly RefusedRecord[];
}

/** Checks the laws `agreement.*` and `ledger.*` on what both sides have at the begin and the end. */
export async function judgeSides(
  { journalLost, byName, refused }: StoryFacts,
  start: Sides,
  end: Sides,
  { journal, judgement }: { readonly journal: Journal; readonly judgement: Judgement },
): Promise<void> {
  const { panel, central } = stores(start, end);
  const witness = new JournalWitness();
  await witness.load(journal, atEnd);
  await noteUnproven(journal, central);
  for (const { zone, record } of await refusedInBulk(journal, refused))
    central.refused.add(`${zone} ${recordId(record)}`);
  // After a lost journal, both sides may differ in any record that the ledger lists. Otherwise only a refusal
  // of the central excuses a difference in a record.
  const forgottenAt = journalLost ? 0 : null;
  const traces = { unheard: new Set<string>(), exclusions: [], limited: new Set<DnsName>() };
  const causes = new Causes(panel, central, traces, [], {
    baselineAt: null,
    forgottenAt,
  });
  const pair = {
    panel,
    central,
    byName,
    baselineAt: 0,
    forgottenAt,
    forgottenZones: new Set<DnsName>(),
    witness,
    observes: false,
    causes,
  };
  await checkAgreement(pair, journal, Date.now(), witness, judgement);
}

/**
 * Finds creates of zones whose result was never read back, because a process or connection ended too early.
 * Such a zone stays at the central and is listed (docs/adoption.md, row 30).
 */
async function noteUnproven(journal: Journal, central: CentralStore): Promise<void> {
  for (const operation of await journal.operations({ openAt: Date.now() })) {
    const { id, kind, zone, state, problems } = operation;
    const isUnproven = kind === 'zone-create' && problems.some(({ code }) => code === 'zone.maybe-ours');
    if (isUnproven && state === 'stuck' && !(operation.created && !operation.requested))
      central.unproven.set(zone, id);
  }
}

/** The laws need times. A story has only two: its begin and its end. */
const [atBegin, atEnd] = [0, 1];

interface Stores {
  readonly panel: PanelStore;
  readonly central: CentralStore;
}

/** Fills the simulator's stores with the records of both sides at the begin and at the end of the story. */
function stores(start: Sides, end: Sides): Stores {
  const [panel, central] = [new PanelStore(), new CentralStore()];
  fill(panel.zones, start.panel);
  fill(central.zones, start.central);
  panel.provenance.start(atBegin);
  central.provenance.start(atBegin);
  fill(panel.zones, end.panel);
  panel.provenance.look(atEnd);
  // In a story only the product writes to these zones at the central.
  for (const zone of new Set([...start.central.keys(), ...end.central.keys()])) {
    const facts = {
      kind: 'change',
      operation: '-',
      zone,
      record: null,
      content: [],
      sentAt: atBegin,
    } as const;
    const request = central.provenance.sent(facts);
    const now = end.central.get(zone);
    central.provenance.land(request, atEnd, () => {
      if (now === undefined) central.zones.delete(zone);
      else central.zones.set(zone, byId(now));
    });
  }
  return { panel, central };
}

function fill(zones: Map<DnsName, Map<string, ResourceRecord>>, content: SideContent): void {
  for (const zone of zones.keys()) if (!content.has(zone)) zones.delete(zone);
  for (const [zone, records] of content) zones.set(zone, byId(records));
}

function byId(records: readonly ResourceRecord[]): Map<string, ResourceRecord> {
  return new Map(records.map((record) => [recordId(record), record]));
}
