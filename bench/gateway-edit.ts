/**
 * Measures edits in a panel whose agent uses the gateway, in turn with edits in another panel whose agent
 * uses PowerDNS itself. Then measures the same over a line with a long delay, which shows how many round
 * trips an edit takes.
 */
import { parseName, type DnsName } from '../src/dns/name.ts';
import { zoneOf } from './central.ts';
import { openDelayedLine } from './delayed-line.ts';
import { addBenchCustomer, fillServer, spreadFigures, startGatewaySide } from './gateway-side.ts';
import { ratio, spread } from './measure.ts';
import { hostIn, PanelWithAgent, type Save } from './panel-with-agent.ts';
import { print } from './print.ts';
import { Watcher } from './watcher.ts';

export interface EditPlan {
  readonly backend: 'sqlite3' | 'lmdb';
  /** Number of edits in each panel: `edits` without a delay, `lineEdits` over the long line. */
  readonly edits: number;
  readonly lineEdits: number;
  /** Delay of the long line each way, milliseconds. */
  readonly lineDelay: number;
}

const zones = { through: parseName('through.example.'), direct: parseName('direct.example.') } as const;
type Way = keyof typeof zones;
const ways: readonly Way[] = ['through', 'direct'];

const zoneRecords = 12;
/** Number of first edits that do not count. After them the code is compiled and the connections are open. */
const warmUp = 10;

/** Edits without a delay. @returns times until the name server answers with the edit, and their ratio */
export async function benchGatewayEdits({ backend, edits }: EditPlan): Promise<Record<string, number>> {
  print(`gateway: ${edits} edits through it, and as many straight at PowerDNS (${backend})`);
  const { seen, verdict, requests } = await measured(backend, 0, edits);
  const [through, direct] = [spread(seen.through), spread(seen.direct)];
  return {
    ...spreadFigures('through', through),
    ...spreadFigures('direct', direct),
    through_to_direct_p50_ratio: ratio(through.p50, direct.p50),
    through_to_direct_p95_ratio: ratio(through.p95, direct.p95),
    ...spreadFigures('through_until_verdict', spread(verdict.through)),
    ...spreadFigures('direct_until_verdict', spread(verdict.direct)),
    through_requests: requests,
  };
}

/** Edits over the long line. A round trip is twice its delay. */
export async function benchGatewayLine({
  backend,
  lineEdits,
  lineDelay: delay,
}: EditPlan): Promise<Record<string, number>> {
  print(`gateway: ${lineEdits} edits over a line of ${delay} ms each way`);
  const { verdict, row, requests } = await measured(backend, delay, lineEdits);
  const trips = (times: readonly number[]): number => ratio(spread(times).p50, 2 * delay);
  return {
    ...spreadFigures('through', spread(verdict.through)),
    ...spreadFigures('direct', spread(verdict.direct)),
    through_round_trips: trips(verdict.through),
    direct_round_trips: trips(verdict.direct),
    in_a_row_through_round_trips: trips(row.through),
    in_a_row_direct_round_trips: trips(row.direct),
    through_requests: requests,
  };
}

type Times = Readonly<Record<Way, number[]>>;

interface Measured {
  /** From when the agent gets the edit until the name server answers with it, milliseconds. */
  readonly seen: Times;
  /** From when the agent gets the edit until it answers the panel, milliseconds. */
  readonly verdict: Times;
  /** As `verdict`, of edits that follow each other at once, so that connections are not idle in between. */
  readonly row: Times;
  /** Requests of an edit at the gateway, on average. */
  readonly requests: number;
}

async function measured(backend: EditPlan['backend'], delay: number, edits: number): Promise<Measured> {
  // Each edit in a row has a record of its own, because an open edit of the same name costs a request more.
  const count = zoneRecords + edits;
  const filled = { through: zoneOf(zones.through, count), direct: zoneOf(zones.direct, count) };
  const side = await startGatewaySide({ backend }, async ({ raw, storage }) => {
    await fillServer(raw, Object.values(filled));
    return await addBenchCustomer(storage, 'bench', [zones.through]);
  });
  const { gateway, server } = side;
  const lines = {
    through: await openDelayedLine(gateway.port, delay),
    direct: await openDelayedLine(Number(new URL(server.url).port), delay),
  };
  const panels = {
    through: await PanelWithAgent.start(side.through(lines.through.port, side.prepared), [filled.through]),
    direct: await PanelWithAgent.start(side.direct(lines.direct.port), [filled.direct]),
  };
  const watcher = await Watcher.at(server.port);
  const seen: Times = { through: [], direct: [] };
  const verdict: Times = { through: [], direct: [] };
  const row: Times = { through: [], direct: [] };
  let requests = 0;
  try {
    for (let at = 0; at < warmUp + edits; at += 1) {
      for (const way of ways) {
        await panels[way].rest();
        const before = gateway.lines.length;
        const change = { host: 'ours', from: addressAt(at), to: addressAt(at + 1) };
        const passage = await oneEdit(panels[way], zones[way], watcher, change);
        if (at < warmUp) continue;
        if (way === 'through') requests += requestsIn(gateway.lines.slice(before));
        seen[way].push(passage.seen - passage.received);
        verdict[way].push(passage.answered - passage.received);
      }
    }
    for (const way of ways) {
      await panels[way].rest();
      for (let at = 0; at < edits; at += 1) {
        const own = filled[way].records[zoneRecords + at];
        if (own === undefined) throw new RangeError(`record ${zoneRecords + at}`);
        const [host = ''] = own.name.split('.');
        const change = { host, from: own.rdata, to: addressAt(at) };
        const passage = await oneEdit(panels[way], zones[way], watcher, change);
        // The first edit does not count, because it follows a rest.
        if (at > 0) row[way].push(passage.answered - passage.received);
      }
    }
    return { seen, verdict, row, requests: ratio(requests, edits) };
  } finally {
    watcher.close();
    for (const way of ways) {
      await panels[way].stop();
      await lines[way].close();
    }
    await side.stop();
  }
}

async function oneEdit(
  panel: PanelWithAgent,
  zone: DnsName,
  watcher: Watcher,
  { host, from, to }: Omit<Save, 'zone'>,
): Promise<Awaited<ReturnType<PanelWithAgent['save']>>> {
  const save = { zone: zone.slice(0, -1), host, from, to };
  return await panel.save(save, async () => await watcher.sees(hostIn(host, zone), to));
}

/** The address that the record has after `at` edits; for 0, the address that `zoneOf` has given it. */
function addressAt(at: number): string {
  return `192.0.${(at >> 8) & 255}.${at & 255}`;
}

function requestsIn(lines: readonly { readonly event: string }[]): number {
  return lines.filter(({ event }) => event === 'request').length;
}
