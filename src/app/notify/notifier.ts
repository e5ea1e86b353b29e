import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { NotifySettings } from '../../config/notify-options.ts';
import type { Attention } from '../answers/attention.ts';
import { NotDelivered, type Channel, type ChannelName } from './channel.ts';
import { decide, type ReasonChange } from './decide.ts';
import { nothingKept, type Kept, type Waiting } from './memory-file.ts';
import type { Notice } from './notice.ts';

/** The reasons at one moment why an administrator has to look at the panel. */
export interface Seen {
  readonly reasons: readonly Attention[];
  /** Whether the panel has several centrals. */
  readonly several: boolean;
}

/** Parts of the process that a notifier uses. */
export interface NotifierPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Returns a random number from 0 to 1, for the pauses between attempts. */
  readonly random: () => number;
  /** Returns the settings for notifications; null: there are none. */
  readonly settings: () => NotifySettings | null;
  readonly channels: (settings: NotifySettings) => readonly Channel[];
  readonly look: () => Promise<Seen>;
  readonly read: () => Kept | null;
  /** Stores the state. @throws {Error} errors of the file system */
  readonly write: (kept: Kept) => void;
}

/** Most notices that may wait for delivery. If there are more, the oldest is dropped. */
const mostWaiting = 20;
/** A notice that could not be delivered for this long (ms) is dropped. */
const longestWait = 24 * 3_600_000;
/**
 * The first and the longest pause after a failed delivery, milliseconds. Each pause is twice as long as the
 * last one.
 */
const firstRetry = 5_000;
const longestRetry = 15 * 60_000;
/**
 * Right after the start, some reasons are not found yet although they still hold. So no reason counts as
 * ended before the notifier has made this many checks, or has run for this many milliseconds.
 */
const looksToSettle = 5;
const timeToSettle = 5 * 60_000;
/** Milliseconds between two checks of the settings while they name nobody to notify. */
const idleWait = 10_000;

/**
 * Notifies an administrator when a reason to look at the panel begins or ends. Checks the reasons at regular
 * times, and delivers notices in the background. A channel that hangs delays only its own notices.
 */
export class Notifier {
  readonly #ports: NotifierPorts;
  readonly #stopping = new AbortController();
  #kept: Kept = nothingKept;
  #before: readonly Attention[] | null = null;
  #looks = 0;
  /** When the notifier was started: monotonic milliseconds. */
  #startedAt = 0;
  /** Deliveries that are in progress, by channel. */
  readonly #delivering = new Map<ChannelName, Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  #isUnsaved = false;

  constructor(ports: NotifierPorts) {
    this.#ports = ports;
  }

  /** Begins to check the reasons at regular times. Never throws. */
  start(): void {
    this.#running = this.#run();
  }

  /** Ends checks and deliveries. Notices that still wait are delivered after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
    await Promise.all(this.#delivering.values());
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#ports;
    const { signal } = this.#stopping;
    this.#startedAt = clock.now();
    this.#load();
    while (!signal.aborted) {
      const settings = this.#ports.settings();
      const channels = settings === null ? [] : this.#ports.channels(settings);
      if (settings === null || channels.length === 0) this.#forget(settings);
      else
        await this.#lookOnce(settings, channels).catch((error: unknown) => {
          log(1, 'notify.look-failed', { error: String(error) });
        });
      const wait = settings === null || channels.length === 0 ? idleWait : settings.checkEvery;
      await clock.sleep(wait, signal).catch(() => {
        // Only `stop` ends this sleep early, and the loop then ends too.
      });
    }
  }

  #load(): void {
    try {
      const kept = this.#ports.read();
      if (kept === null) this.#ports.log(2, 'notify.memory-lost', {});
      this.#kept = kept ?? nothingKept;
    } catch (error) {
      this.#ports.log(1, 'notify.memory-lost', { error: String(error) });
    }
  }

  /**
   * Called while nobody can be notified. If the settings name nobody, the stored state is emptied, because
   * nobody knows any reason. If no usable settings are known, the state stays.
   */
  #forget(settings: NotifySettings | null): void {
    this.#before = null;
    if (settings !== null && this.#kept !== nothingKept) this.#save(nothingKept);
  }

  async #lookOnce(settings: NotifySettings, channels: readonly Channel[]): Promise<void> {
    const { clock, log } = this.#ports;
    const { reasons, several } = await this.#ports.look();
    const look = {
      found: reasons,
      before: this.#before,
      mayEnd: this.#looks >= looksToSettle || clock.now() - this.#startedAt >= timeToSettle,
      wall: clock.wall(),
    };
    this.#before = reasons;
    this.#looks += 1;
    const { memory, change } = decide(this.#kept.memory, look, settings.mostPerHour);
    const waiting = this.#stillDue(channels);
    if (change !== null) {
      const notice = this.#noticeOf(change, several, look.wall);
      log(4, 'notify.notice', { id: notice.id, began: codes(change.began), ended: codes(change.ended) });
      waiting.push({ notice, channels: channels.map(({ name }) => name) });
    }
    while (waiting.length > mostWaiting) this.#drop(waiting.shift(), 'too-many');
    this.#save({ memory, waiting });
    for (const channel of channels) this.#deliver(channel);
  }

  #noticeOf(change: ReasonChange, several: boolean, at: number): Notice {
    return { ...change, id: randomUUID(), at, kind: 'changed', several };
  }

  /**
   * Returns the waiting notices that are not too old. Channels that the settings no longer name are removed
   * from them.
   */
  #stillDue(channels: readonly Channel[]): Waiting[] {
    const wall = this.#ports.clock.wall();
    const known = new Set(channels.map(({ name }) => name));
    const due: Waiting[] = [];
    for (const one of this.#kept.waiting) {
      const left = one.channels.filter((name) => known.has(name));
      if (wall - one.notice.at > longestWait) this.#drop(one, 'too-old');
      else if (left.length > 0) due.push({ ...one, channels: left });
    }
    return due;
  }

  #drop(waiting: Waiting | undefined, why: string): void {
    if (waiting === undefined) return;
    const { notice, channels } = waiting;
    this.#ports.log(1, 'notify.dropped', { id: notice.id, channels: channels.join(' '), why });
  }

  /** Delivers all notices that wait for a channel, one after the other. */
  #deliver(channel: Channel): void {
    const { name } = channel;
    if (this.#delivering.has(name)) return;
    const work = this.#deliverAll(name)
      .catch((error: unknown) => {
        this.#ports.log(1, 'notify.failed', { channel: name, error: String(error) });
      })
      .finally(() => this.#delivering.delete(name));
    this.#delivering.set(name, work);
  }

  async #deliverAll(name: ChannelName): Promise<void> {
    const { clock, random } = this.#ports;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      const notice = this.#nextFor(name);
      // The settings may have changed since the last attempt.
      const channel = this.#channel(name);
      if (notice === null || channel === null) return;
      if (await this.#attempt(channel, notice, failures)) {
        failures = 0;
        this.#delivered(name, notice);
        continue;
      }
      const wait = Math.min(firstRetry * 2 ** failures, longestRetry) * (0.5 + random() / 2);
      failures += 1;
      await clock.sleep(wait, signal).catch(() => {
        // Only `stop` ends this sleep early, and the loop then ends too.
      });
    }
  }

  #nextFor(name: ChannelName): Notice | null {
    return this.#kept.waiting.find(({ channels }) => channels.includes(name))?.notice ?? null;
  }

  #channel(name: ChannelName): Channel | null {
    const settings = this.#ports.settings();
    if (settings === null) return null;
    return this.#ports.channels(settings).find((one) => one.name === name) ?? null;
  }

  /**
   * Tries once to deliver a notice.
   * @param failures how many attempts before this one have failed in a row. Only the first failure is logged
   *   as an error
   */
  async #attempt(channel: Channel, notice: Notice, failures: number): Promise<boolean> {
    const { log } = this.#ports;
    const { name, target } = channel;
    const told = { channel: name, target, id: notice.id };
    try {
      await channel.deliver(notice, this.#stopping.signal);
      log(4, 'notify.delivered', { ...told, failures });
      return true;
    } catch (error) {
      if (!(error instanceof NotDelivered)) throw error;
      const { code, params } = error.problem;
      if (!this.#stopping.signal.aborted)
        log(failures === 0 ? 1 : 5, 'notify.not-delivered', { ...told, code, ...params });
      return false;
    }
  }

  #delivered(name: ChannelName, { id }: Notice): void {
    const { memory, waiting } = this.#kept;
    const left = waiting
      .map((one) =>
        one.notice.id === id ? { ...one, channels: one.channels.filter((other) => other !== name) } : one,
      )
      .filter(({ channels }) => channels.length > 0);
    this.#save({ memory, waiting: left });
  }

  /**
   * Keeps the state in memory and, if it has changed, stores it on disk. An error is only logged, because the
   * notifier must continue: a full disk is itself a reason to report.
   */
  #save(kept: Kept): void {
    const isSame = JSON.stringify(kept) === JSON.stringify(this.#kept);
    this.#kept = kept;
    if (isSame && !this.#isUnsaved) return;
    try {
      this.#ports.write(kept);
      this.#isUnsaved = false;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (!this.#isUnsaved) this.#ports.log(1, 'notify.not-saved', { error: error.message });
      this.#isUnsaved = true;
    }
  }
}

function codes(reasons: readonly Attention[]): string {
  return reasons.map(({ code }) => code).join(' ');
}
