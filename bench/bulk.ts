/**
 * Measures writes to many zones. A bare client makes the same writes, in turn with the product. In the first
 * part, the adapter alone edits a thousand zones once each. In the second part, engine and journal send ten
 * thousand zones for the first time; their memory is measured too.
 */
import type { Central } from '../src/core/central.ts';
import { approvalOf } from '../src/core/zone-plan.ts';
import { parseName, type DnsName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import { rate } from './at-once.ts';
import { openCentral, startEngine, type BenchEngine } from './bench-engine.ts';
import { ratio, round, timed } from './measure.ts';
import { heldBy, memoryPanel } from './memory-panel.ts';
import {
  atEach,
  softwares,
  startSubject,
  type Figures,
  type Filled,
  type Software,
  type Subject,
} from './name-servers.ts';
import { hostIn } from './panel-with-agent.ts';
import type { Rec } from './raw.ts';
import { print } from './print.ts';
import { Watcher } from './watcher.ts';

export interface BulkPlan {
  readonly softwares: readonly Software[];
  /** Number of zones with one edit each. */
  readonly burst: number;
  /** Numbers of simultaneous edits to try; the result is the best rate. */
  readonly together: readonly number[];
  /** Number of zones in the first send, and of records in each. */
  readonly zones: number;
  readonly records: number;
}

const whole: BulkPlan = { softwares, burst: 1_000, together: [1, 4, 16, 64], zones: 10_000, records: 12 };

export async function benchBulk(changes: Partial<BulkPlan> = {}): Promise<Record<string, number>> {
  const plan = { ...whole, ...changes };
  return await atEach(plan.softwares, async (software, note) => {
    note(await burst(software, plan));
    return await firstSend(software, plan, note);
  });
}

function zoneNames(prefix: string, count: number): DnsName[] {
  return Array.from({ length: count }, (_, at) => parseName(`${prefix}${at}.example.`));
}

function addressOf(host: string, zone: DnsName, address: string): Rec {
  return makeRecord({ name: host, type: 'A', ttl: 3_600, rdata: address }, zone);
}

const ctx = { signal: new AbortController().signal, operation: '-' };

interface Best {
  readonly rate: number;
  readonly together: number;
}

/** Makes edits through the adapter and with the bare client in turn. Each turn makes more edits at a time. */
async function burst(
  software: Software,
  { burst: count, together }: BulkPlan,
): Promise<Record<string, number>> {
  if (count === 0) return {};
  const zones = zoneNames('burst', count);
  print(`${software}: one edit in each of ${count} zones`);
  const filled = zones.map((zone) => ({ zone, records: [addressOf('www', zone, '192.0.2.1')] }));
  const subject = await startSubject(software, filled);
  const central = await openCentral(subject.settings);
  const watchers = await Promise.all(together.map(() => Watcher.at(subject.server.port)));
  try {
    // These reads are not measured. In its first read of a zone, the adapter checks its key and learns how
    // the server behaves.
    await rate(zones, 4, async (zone) => {
      await central.readNames(zone, [hostIn('www', zone)], ctx);
    });
    let ours: Best = { rate: 0, together: 0 };
    let raw: Best = { rate: 0, together: 0 };
    let last = '192.0.2.1';
    for (const [turn, many] of together.entries()) {
      const [first, second] = [`198.51.100.${turn}`, `203.0.113.${turn}`];
      const before = last;
      const one = await rate(zones, many, (zone) => edit(central, zone, before, first));
      const other = await rate(zones, many, (zone) => rawEdit(subject, zone, second));
      if (one > ours.rate) ours = { rate: one, together: many };
      if (other > raw.rate) raw = { rate: other, together: many };
      last = second;
    }
    return {
      burst_edits_per_second: round(ours.rate),
      burst_together: ours.together,
      burst_raw_edits_per_second: round(raw.rate),
      burst_raw_together: raw.together,
      burst_to_raw_time_ratio: ratio(raw.rate, ours.rate),
    };
  } finally {
    for (const watcher of watchers) watcher.close();
    await central.close();
    await subject.stop();
  }
}

async function edit(central: Central, zone: DnsName, from: string, to: string): Promise<void> {
  const name = hostIn('www', zone);
  const present = await central.readNames(zone, [name], ctx, new Set(['A']));
  const change = { zone, remove: [addressOf('www', zone, from)], add: [addressOf('www', zone, to)] };
  const altered = await central.apply(change, present ?? [], ctx);
  if (altered.added.length !== 1) throw new Error(`${zone} was not as expected`);
}

/** Writes with the bare client, and queries the server for the result. */
async function rawEdit({ raw, server }: Subject, zone: DnsName, to: string): Promise<void> {
  await raw.write(zone, [addressOf('www', zone, to)]);
  const watcher = await Watcher.at(server.port);
  await watcher.sees(hostIn('www', zone), to);
  watcher.close();
}

async function firstSend(
  software: Software,
  { zones: count, records }: BulkPlan,
  note: (found: Readonly<Figures>) => void,
): Promise<Figures> {
  if (count === 0) return {};
  print(`${software}: ${count} zones with ${records} records for the first time`);
  const [ours, raw] = [zoneNames('ours', count), zoneNames('raw', count)];
  const making = !software.startsWith('powerdns');
  const there = making ? [...ours, ...raw].map((zone) => ({ zone, records: [] })) : [];
  const subject = await startSubject(software, there);
  try {
    const content = (zone: DnsName): Rec[] =>
      Array.from({ length: records }, (_, at) => addressOf(`h${at}`, zone, `192.0.2.${at}`));
    const write = subject.raw.create ?? subject.raw.write;
    const sender = await Sender.start(
      subject,
      ours.map((zone) => ({ zone, records: content(zone) })),
    );
    const spent = { ours: 0, raw: 0 };
    try {
      for (let at = 0; at < count; at += Math.ceil(count / turns)) {
        const part = [at, at + Math.ceil(count / turns)] as const;
        spent.raw += await timed(() => oneByOne(raw.slice(...part), (zone) => write(zone, content(zone))));
        spent.ours += await timed(() => sender.send(ours.slice(...part)));
        print(`${software}: ${part[1]} zones, ${JSON.stringify(spent)} ms, ${memoryNow()} MiB`);
        note(sendFigures(Math.min(part[1], count), spent));
      }
      return sender.memory();
    } finally {
      await sender.stop();
    }
  } finally {
    await subject.stop();
  }
}

/** @param spent the milliseconds that these zones took, with the product and with the bare client */
function sendFigures(zones: number, spent: { readonly ours: number; readonly raw: number }): Figures {
  const perSecond = (time: number): number => round((zones / time) * 1_000);
  return {
    first_send_zones_per_second: perSecond(spent.ours),
    first_send_raw_zones_per_second: perSecond(spent.raw),
    first_send_to_raw_time_ratio: ratio(spent.ours, spent.raw),
  };
}

/** Number of zones that a first send works on at the same time. */
const sendTogether = 8;
/** Number of turns that the product and the bare client have each. */
const turns = 4;

async function oneByOne<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}

function memoryNow(): number {
  return round(process.memoryUsage.rss() / 1_048_576);
}

/** Sends zones through an engine that regards all of them as new. */
class Sender {
  readonly #running: BenchEngine;
  /** Resident memory of this process after each part, in MiB. */
  readonly #memory: number[] = [];

  private constructor(running: BenchEngine) {
    this.#running = running;
  }

  static async start(subject: Subject, zones: readonly Filled[]): Promise<Sender> {
    const central = await openCentral(subject.settings);
    return new Sender(await startEngine({ panel: memoryPanel(heldBy(zones)), central }, true));
  }

  /** Sends these zones as `domainsync push` does: each is planned, and its plan applied. */
  async send(zones: readonly DnsName[]): Promise<void> {
    const { engine } = this.#running;
    await rate(zones, sendTogether, async (zone) => {
      const plan = await engine.plan(zone, { direction: 'push', removes: false });
      const result = await engine.apply(approvalOf(plan));
      if (result.kind !== 'done' || result.operation === null)
        throw new Error(`${zone}: ${JSON.stringify(result)}`);
    });
    this.#memory.push(memoryNow());
  }

  /** Memory after the first part and at the end. The two should hardly differ. */
  memory(): Record<string, number> {
    return {
      first_send_memory_after_first_part_mib: this.#memory[0] ?? 0,
      first_send_memory_at_end_mib: this.#memory.at(-1) ?? 0,
    };
  }

  async stop(): Promise<void> {
    await this.#running.stop();
  }
}
