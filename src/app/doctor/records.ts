import { existsSync, statSync } from 'node:fs';
import { JournalError } from '../../core/journal.ts';
import { otherWriterNote } from '../../core/engine/comparison/other-writers.ts';
import type { ZoneEntry } from '../../core/ledger.ts';
import { counted, describeProblem } from '../../core/describe.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError } from '../../core/panel.ts';
import type { PanelHand } from '../../core/panel-hand.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { defaultPanelKind } from '../../panels/registry.ts';
import { panelAt, panelKindAt } from '../wiring/panel-at.ts';
import type { Paths } from '../paths.ts';
import { restartCommand } from '../install/restart-panel.ts';
import { wirePanel } from '../wiring/wire.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';

/** How long the panel may take to answer one request, milliseconds. */
const patience = 15_000;
/** Time (ms) for which an operation may be unfinished before the doctor warns about it. */
const longOpen = 600_000;

/** Reads the list of zones from the panel, and checks that the panel has loaded the plugin. */
export async function checkPanel({ root }: Paths, hand: PanelHand): Promise<Finding[]> {
  const panel = await wirePanel(root);
  const kind = panelKindAt(root) ?? defaultPanelKind;
  const ctx: CallContext = { signal: AbortSignal.timeout(patience), operation: '-' };
  const started = performance.now();
  try {
    const { zones, unreadable } = await panel.listZones(ctx);
    const ms = Math.round(performance.now() - started);
    const known = await hand.knowsPlugin(ctx);
    const found = [ok('panel', `${counted(zones.length, 'zone')}, answered in ${ms} ms`)];
    if (unreadable.length > 0) {
      const names = unreadable.slice(0, mostNamed).join(', ');
      const text = `passed over, their names cannot be read: ${names}; what else is gone from the panel is not deleted at the central meanwhile`;
      found.push(warning('panel', text, 'delete them in the panel, or correct their names'));
    }
    if (!known) {
      const text = 'the panel does not know the plugin yet: no edit is mirrored';
      const way = `restart it so that it reads the description file: ${restartCommand(root, kind)}`;
      found.push(problemFound('panel', text, way));
    }
    return found;
  } catch (error) {
    if (!(error instanceof PanelError)) throw error;
    const text = `the panel cannot be read: ${error.message}`;
    const way = `try "${panelAt(root).tryByHand(root)}" by hand; is the panel running?`;
    return [problemFound('panel', text, way)];
  }
}

/**
 * Checks the journal file at `path`: its mode, damage, and the operations that wait for an administrator's
 * decision.
 * @param wall wall clock, milliseconds since 1970
 */
export async function checkJournal(path: string, wall: number): Promise<Finding[]> {
  if (!existsSync(path)) return [note('journal', 'none yet: the agent makes it when it starts')];
  try {
    const journal = new SqliteJournal({ path, writer: false });
    try {
      return [...soundness(journal, path), ...(await contents(journal, wall))];
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const text = describeProblem({ code: error.code, params: error.params }, 'en');
    return [problemFound('journal', `${path}: ${text}`, 'docs/operations.md, "What to do when"')];
  }
}

function soundness(journal: SqliteJournal, path: string): Finding[] {
  const { mode, size } = statSync(path);
  const found: Finding[] = [];
  if ((mode & 0o077) !== 0) {
    const text = `${path} has mode 0${(mode & 0o777).toString(8)}`;
    found.push(warning('journal', text, `chmod 600 ${path}`));
  }
  const damage = journal.damage();
  if (damage !== null) {
    const way = 'stop the agent, put the files aside, and let it compare anew (docs/operations.md)';
    found.push(problemFound('journal', `${path} is damaged: ${damage}`, way));
  }
  for (const zone of damagedZones(journal)) {
    const text = `what the journal has of ${displayName(zone)} is damaged; its edits are refused`;
    found.push(problemFound('zones', text, newBaseline));
  }
  return found.length > 0 ? found : [ok('journal', `${path}, ${Math.ceil(size / 1024)} KiB, whole`)];
}

const newBaseline =
  '"domainsync compare ZONE" takes a new baseline: nothing is changed on either side. Look at the disk as well';

/** Finds zones whose ledger rows are damaged, at most {@link mostNamed} of them. Reads the whole ledger. */
function damagedZones(journal: SqliteJournal): readonly DnsName[] {
  const found: DnsName[] = [];
  for (let after: string | null = ''; after !== null;) {
    const { last, damaged } = journal.checkLedger(after);
    found.push(...damaged);
    after = last;
  }
  return found.slice(0, mostNamed);
}

async function contents(journal: SqliteJournal, wall: number): Promise<Finding[]> {
  const found: Finding[] = [];
  const open = await journal.operations({ openAt: wall });
  for (const { id, zone } of open.filter(({ state }) => state === 'stuck')) {
    const text = `operation ${id} in ${displayName(zone)} is stuck`;
    found.push(problemFound('operations', text, `"domainsync show ${id}" shows why and what to do`));
  }
  const old = open.filter(({ state, createdAt }) => unfinished.has(state) && wall - createdAt > longOpen);
  if (old.length > 0) {
    const text = `${counted(old.length, 'operation')} open for more than ten minutes`;
    found.push(warning('operations', text, `"domainsync show ${old[0]?.id ?? ''}"`));
  }
  const { rows, damagedOperations } = await journal.counts();
  if (damagedOperations > 0) {
    const text = `${counted(damagedOperations, 'operation')} in the journal cannot be read`;
    found.push(problemFound('journal', text, 'docs/operations.md, "A damaged journal"'));
  }
  const conflicts = rows['conflict'] ?? 0;
  if (conflicts > 0) {
    const text = `${counted(conflicts, 'record')} in the state "conflict": left alone on both sides`;
    found.push(note('records', text, '"domainsync zones" and "domainsync zone NAME" show them'));
  }
  found.push(...notedZones(await journal.zones()));
  return found.length > 0 ? found : [ok('operations', 'none is stuck')];
}

/** Most zones that are named in the text of a finding. */
const mostNamed = 5;

/**
 * Warns about zones that others deleted at the central or made a slave copy there. Also warns about zones
 * that others keep changing at the central, for example a second panel with the same account.
 */
function notedZones(entries: readonly ZoneEntry[]): Finding[] {
  return zoneNotes.flatMap(([code, text, way]) => {
    const zones = named(entries, code);
    return zones === null ? [] : [warning('zones', `${text}: ${zones}`, way)];
  });
}

const wayOut =
  'does another panel use this account? Each panel needs its own (docs/centrals.md, "One account for one panel")';

/** Notes that a zone may have, each with the text to show and what the administrator can do. */
const zoneNotes: readonly (readonly [code: string, text: string, wayOut: string])[] = [
  ['note.missing-at-central', 'gone from the central, not deleted by us', wayOut],
  [
    otherWriterNote,
    'records changed at the central by others, in three comparisons within a week',
    `${wayOut}; "domainsync zone NAME" lists the records. If the provider changes them, nothing is wrong`,
  ],
  [
    'zone.copy',
    'copies of another server at the central (slave zones)',
    'ask the provider to make them primary there; until then edits of synchronised ones are refused, of others pass in the panel only',
  ],
];

/** Joins the names of the zones with this note into one text; null: no zone has it. */
function named(entries: readonly ZoneEntry[], remark: string): string | null {
  const zones = entries.filter((entry) => entry.note === remark).map(({ zone }) => displayName(zone));
  if (zones.length === 0) return null;
  const more = zones.length > mostNamed ? ` (+${zones.length - mostNamed})` : '';
  return `${zones.slice(0, mostNamed).join(', ')}${more}`;
}

const unfinished: ReadonlySet<string> = new Set(['prepared', 'applied', 'kept', 'reverting']);
