import type { AlarmClock } from '../core/clock.ts';
import { DailyNotice } from '../core/daily-notice.ts';
import { leftOutNote, type Decision, type LeftNote, type Observation } from '../core/decision.ts';
import { JournalError, type Journal } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import type {
  EditEvent,
  EditItem,
  InvalidEvent,
  KnownRecord,
  LeftEdit,
  PanelEvent,
  Verdict,
} from '../core/panel.ts';
import { plainText } from '../core/plain-text.ts';
import type { DnsName } from '../dns/name.ts';

/** The journal of one central, as far as decisions need it. */
export interface DecisionJournal {
  /** Number of the central in the settings. */
  readonly number: number;
  readonly journal: Pick<Journal, 'operations' | 'rows'>;
  /** Stores decisions durably. @throws {JournalError} */
  readonly note: (decisions: readonly Decision[]) => void;
}

/** Milliseconds for which decisions are collected before one write stores them all. */
const batchTime = 1_000;
/** Most decisions of one account in a minute that get their own entry. Further ones are only counted. */
const mostInMinute = 60;
const minute = 60_000;
/** At most this many decisions may wait to be stored, and an `after` call may complete at most this many. */
const mostWaiting = 2_000;
const mostRecent = 1_000;
/** How many of a zone's newest operations are searched for one that belongs to a refused edit. */
const latest = 20;

/** A decision that is not stored in a journal yet. */
interface Waiting {
  decision: Decision;
  /** Null: this decision only counts several edits. */
  readonly event: EditEvent | InvalidEvent | null;
  /** When the call came: wall clock, milliseconds since 1970. */
  readonly began: number;
  /** Number of the central whose journal stores the decision; null: the first central. */
  readonly central: number | null;
  /** Whether the decision has its own entry in the history. Absent: it is only counted. */
  isKept?: true;
}

/** The decision about one edit of a call. */
interface Decided extends Pick<Decision, 'outcome' | 'why'> {
  readonly event: EditEvent | InvalidEvent;
  readonly central: number | null;
  /** Resolves with what would have been done with the edit. Absent: this is not examined. */
  readonly observation?: Promise<Observation>;
}

/** The decisions of one account in the present minute. */
interface Rate {
  n: number;
  /** The one entry that counts all decisions without their own entry; null: there are none. */
  others: Waiting | null;
}

/**
 * Stores the edits that the agent decides without an operation. Answers do not wait for this: decisions are
 * stored about a second later, and a killed agent loses those of the last second. Each minute, an account
 * gets a limited number of entries; further decisions are only counted.
 */
export class Decisions {
  readonly #clock: AlarmClock;
  readonly #log: Log;
  readonly #journals: () => readonly DecisionJournal[];
  readonly #isOwn: (edit: EditEvent) => boolean;
  readonly #waiting = new Set<Waiting>();
  readonly #rates = new Map<string, Rate>();
  /** Number of the minute in which the present decisions are counted. */
  #minute = 0;
  /**
   * Decisions that an `after` call may complete, oldest first. The key is the edit's fingerprint and zone.
   */
  readonly #recent = new Map<string, Waiting>();
  /** Zones about which today's warning has been logged. */
  readonly #told = new DailyNotice<DnsName>();
  #serial = 0;
  /** Cancels the next write; null: none is due. */
  #cancel: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param journals returns the journals of the engines in force, the first central first; without one,
   * decisions wait in memory
   * @param isOwn whether an edit is a write of an engine into the panel
   */
  constructor(
    clock: AlarmClock,
    log: Log,
    journals: () => readonly DecisionJournal[],
    isOwn: (edit: EditEvent) => boolean,
  ) {
    this.#isOwn = isOwn;
    this.#clock = clock;
    this.#log = log;
    this.#journals = journals;
  }

  /** Records a decision for each edit of a call that was left to the panel because of a pause. */
  paused(event: PanelEvent): void {
    for (const edit of this.#asked(event)) this.#note(inPanel({ event: edit, why: 'note.left-pause' }));
    this.#noteKept(event);
  }

  /**
   * Records decisions for the edits of a call that was answered.
   * @param began when the call came: wall clock, milliseconds since 1970
   */
  answered(event: PanelEvent, verdict: Verdict, began: number): void {
    if (verdict.kind === 'accept') {
      for (const left of verdict.left ?? []) this.#note(inPanel(left), began);
    } else {
      const why = [...new Set(verdict.problems.map(({ code }) => code))];
      for (const edit of this.#asked(event))
        this.#note({ event: edit, outcome: 'refused', why, central: null }, began);
    }
    this.#noteKept(event);
  }

  /** Stores the waiting decisions. While no engine runs, they stay in memory. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => this.#log(1, 'history.defect', { error: String(error) }));
    await this.#writing;
  }

  /** Stores the waiting decisions, then removes everything about an account from memory. */
  async forget(user: string): Promise<void> {
    await this.flush();
    for (const [key, { decision }] of this.#recent) if (decision.actor === user) this.#recent.delete(key);
    for (const one of this.#waiting) if (one.decision.actor === user) this.#waiting.delete(one);
    this.#rates.clear();
  }

  #note({ event, outcome, why, central, observation }: Decided, began = this.#clock.wall()): void {
    const wall = this.#clock.wall();
    const { actor, origin } = event;
    const decision: Decision = {
      kind: 'call',
      id: this.#newId(wall),
      edit: event.kind === 'invalid' ? 'unclear' : event.kind,
      zone: event.zone,
      outcome,
      why,
      actor: plainText(actor.name).slice(0, 255),
      address: origin?.address ?? '',
      func: plainText(origin?.func ?? '').slice(0, 64),
      createdAt: wall,
      kept: false,
      times: 1,
      items: [],
    };
    if (outcome === 'panel-only') this.#tell(decision);
    const waiting: Waiting = { decision, event, central, began };
    this.#keep(waiting);
    void observation?.then((found) => this.#observed(waiting, found));
    this.#flushSoon();
  }

  /** Adds to the decision about an observed edit what would have been done with the edit. */
  #observed(waiting: Waiting, { why, items, observed }: Observation): void {
    const own = items.map(({ remove, add }) => ({ remove, add }));
    waiting.decision = { ...waiting.decision, why, observed, ...(own.length > 0 && { items: own }) };
    if (!waiting.isKept) return;
    this.#waiting.add(waiting);
    this.#flushSoon();
  }

  #flushSoon(): void {
    this.#cancel ??= this.#clock.alarm(batchTime, () => void this.flush());
  }

  /**
   * Gives a decision its own entry in the history. If its account already has many in this minute, only
   * counts it.
   */
  #keep(waiting: Waiting): void {
    const { decision, event, central, began } = waiting;
    const now = Math.floor(decision.createdAt / minute);
    if (now !== this.#minute) this.#rates.clear();
    this.#minute = now;
    const key = JSON.stringify([decision.actor, decision.outcome, central]);
    const rate = this.#rates.get(key) ?? { n: 0, others: null };
    if (this.#rates.size < mostWaiting) this.#rates.set(key, rate);
    rate.n += 1;
    if (rate.n <= mostInMinute && this.#waiting.size < mostWaiting) {
      this.#waiting.add(waiting);
      waiting.isKept = true;
      if (event !== null && event.kind !== 'invalid') this.#remember(event, waiting);
      return;
    }
    const many = { ...decision, edit: 'unclear', zone: null, why: [leftOutNote], func: '' } as const;
    rate.others ??= { decision: { ...many, times: 0 }, event: null, central, began };
    const { others } = rate;
    others.decision = { ...others.decision, times: others.decision.times + 1 };
    if (this.#waiting.size < mostWaiting * 2) this.#waiting.add(others);
  }

  #remember(event: EditEvent, waiting: Waiting): void {
    if (waiting.decision.outcome === 'refused') return;
    this.#recent.set(keyOf(event), waiting);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > mostRecent && oldest !== undefined) this.#recent.delete(oldest);
  }

  /**
   * Completes decisions about edits that were left to the panel, when an `after` call reports that the panel
   * has made the edits.
   */
  #noteKept(event: PanelEvent): void {
    if (event.kind !== 'edits') return;
    for (const edit of event.edits) {
      const known = edit.stage === 'after' ? this.#recent.get(keyOf(edit)) : undefined;
      if (known === undefined) continue;
      this.#recent.delete(keyOf(edit));
      known.decision = { ...known.decision, kept: true };
      this.#waiting.add(known);
      this.#flushSoon();
    }
  }

  /** Logs, at most once a day for each zone, that edits of the zone stay in the panel. */
  #tell({ zone, why, actor, createdAt }: Decision): void {
    if (zone === null) return;
    if (this.#told.isDue(zone, createdAt))
      this.#log(2, 'edit.panel-only', { zone, why: why.join(' '), user: actor });
  }

  async #write(): Promise<void> {
    const journals = this.#journals();
    if (journals.length === 0 || this.#waiting.size === 0) return;
    const batch = [...this.#waiting];
    this.#waiting.clear();
    for (const one of journals) {
      const own = batch.filter(({ central }) => (central ?? journals[0]?.number) === one.number);
      if (own.length > 0) await this.#writeInto(one, own, journals);
    }
  }

  async #writeInto(
    { journal, note }: DecisionJournal,
    own: readonly Waiting[],
    journals: readonly DecisionJournal[],
  ): Promise<void> {
    try {
      const decisions: Decision[] = [];
      for (const one of own) {
        if (one.decision.outcome === 'refused' && (await isJournalled(journals, one))) continue;
        if (one.decision.items.length === 0)
          one.decision = { ...one.decision, items: await itemsOf(journal, one.event) };
        decisions.push(one.decision);
      }
      if (decisions.length > 0) note(decisions);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      // The write failed, so these decisions are tried again with the next write.
      for (const one of own) if (this.#waiting.size < mostWaiting) this.#waiting.add(one);
      this.#log(1, 'journal.failed', { decisions: own.length, code: error.code });
    }
  }

  /**
   * The edits of a call that the panel has not made yet, one for each zone. Our own writes into the panel,
   * which carry a valid echo token, are left out.
   */
  #asked(event: PanelEvent): readonly (EditEvent | InvalidEvent)[] {
    if (event.kind === 'invalid') return [event];
    if (event.kind !== 'edits') return [];
    const edits = event.edits.filter((edit) => edit.stage === 'before' && !this.#isOwn(edit));
    return [...new Map(edits.map((edit) => [edit.zone, edit])).values()];
  }

  /** A unique id that sorts by time, of the same form as those of operations. */
  #newId(wall: number): string {
    this.#serial = (this.#serial + 1) % 36 ** 4;
    const time = Math.floor(wall).toString(36).padStart(9, '0');
    const start = process.pid.toString(36).slice(-3).padStart(3, '0');
    return `${time}-c${this.#serial.toString(36).padStart(4, '0')}${start}`;
  }
}

function inPanel({ event, why, central, observation }: LeftEdit): Decided {
  const outcome = why === observing ? 'observed' : 'panel-only';
  const later = observation === undefined ? {} : { observation };
  return { event, outcome, why: [why], central: central ?? null, ...later };
}

/** The note of an edit that was only observed. */
const observing: LeftNote = 'note.left-observing';

function keyOf({ fingerprint, zone }: EditEvent): string {
  return `${fingerprint} ${zone}`;
}

/** Whether a journal has an operation of the same call. If so, the history already shows the refusal. */
async function isJournalled(
  journals: readonly DecisionJournal[],
  { event, began }: Waiting,
): Promise<boolean> {
  if (event === null || event.kind === 'invalid') return false;
  const { zone, fingerprint } = event;
  for (const { journal } of journals) {
    const recent = await journal.operations({ zone, latest });
    const isOwn = recent.some((one) => one.fingerprint === fingerprint && one.createdAt >= began);
    if (isOwn) return true;
  }
  return false;
}

/**
 * Finds the records that an edit removes and adds, from the call and the ledger.
 * @throws {JournalError}
 */
async function itemsOf(
  journal: DecisionJournal['journal'],
  event: EditEvent | InvalidEvent | null,
): Promise<readonly EditItem[]> {
  if (event?.kind !== 'records') return [];
  const { zone, names } = event;
  const known = names === null || names.length === 0 ? [] : await knownIn(journal, zone, names);
  const resolution = event.resolve(known);
  return resolution.kind === 'items' ? resolution.items : [];
}

async function knownIn(
  journal: DecisionJournal['journal'],
  zone: DnsName,
  names: readonly DnsName[],
): Promise<readonly KnownRecord[]> {
  try {
    const rows = await journal.rows(zone, names);
    return rows
      .filter(({ onPanel }) => onPanel)
      .map(({ record, panelKey: key, otherKeys }) => ({ record, key, ...(otherKeys && { otherKeys }) }));
  } catch (error) {
    // The journal's data of this zone is damaged, so the decision is stored without records.
    if (error instanceof JournalError && error.code === 'journal.zone-damaged') return [];
    throw error;
  }
}
