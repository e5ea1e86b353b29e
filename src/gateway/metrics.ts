import { CentralError, passedSerials, type CallContext, type Central } from '../core/central.ts';
import { exposition, single, type Metric, type Sample } from '../net/exposition.ts';
import type { ApiRefusal } from './api-refusal.ts';
import type { DriftResult } from './drift/checker.ts';
import type { StorageCounts } from './storage/storage.ts';

/** Durations are counted in classes (buckets of a histogram). These are their upper limits, seconds. */
const classes = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A request that was answered. */
interface AnsweredRequest {
  /** Method and path pattern of the route; `-`: no route. */
  readonly route: string;
  readonly status: number;
  /** Milliseconds. */
  readonly ms: number;
}

/** Counts with labels. There are few values of each label, so the memory is bounded. */
class Counts {
  readonly #samples = new Map<string, { readonly labels: Sample['labels']; value: number }>();

  add(labels: Sample['labels'], value = 1): void {
    const key = JSON.stringify(Object.values(labels));
    const known = this.#samples.get(key);
    if (known === undefined) this.#samples.set(key, { labels, value });
    else known.value += value;
  }

  get samples(): readonly Sample[] {
    return [...this.#samples.values()];
  }
}

/** How many durations fell into each class, with labels. */
class Durations {
  readonly #sets = new Map<string, { readonly labels: Sample['labels']; classes: number[]; sum: number }>();

  add(labels: Sample['labels'], seconds: number): void {
    const key = JSON.stringify(Object.values(labels));
    const set = this.#sets.get(key) ?? { labels, classes: [...classes, Infinity].map(() => 0), sum: 0 };
    this.#sets.set(key, set);
    set.sum += seconds;
    const at = classes.findIndex((limit) => seconds <= limit);
    const index = at < 0 ? classes.length : at;
    set.classes[index] = (set.classes[index] ?? 0) + 1;
  }

  get samples(): readonly Sample[] {
    return [...this.#sets.values()].flatMap(({ labels, classes: counts, sum }): Sample[] => {
      let total = 0;
      const buckets = counts.map((count, at): Sample => {
        total += count;
        const limit = classes[at];
        const le = limit === undefined ? '+Inf' : String(limit);
        return { labels: { ...labels, le }, value: total, suffix: '_bucket' };
      });
      return [...buckets, { labels, value: sum, suffix: '_sum' }, { labels, value: total, suffix: '_count' }];
    });
  }
}

/** What a gateway counts since it was started. No label names a zone, a token, a customer or an address. */
export class GatewayMetrics {
  readonly #requests = new Counts();
  readonly #durations = new Durations();
  readonly #backend = new Durations();
  readonly #denials = new Counts();
  readonly #limited = new Counts();
  readonly #logins = new Counts();
  readonly #connections = new Counts();
  readonly #driftChecks = new Counts();

  request({ route, status, ms }: AnsweredRequest): void {
    const [method = '-', path = '-'] = route.split(' ');
    this.#requests.add({ method, route: path, code: String(status) });
    this.#durations.add({ method, route: path }, ms / 1_000);
  }

  refused({ status, code, params }: ApiRefusal): void {
    if (status === 401) this.#logins.add({ reason: code });
    if (status === 403) this.#denials.add({ reason: code });
    if (status === 429) this.#limited.add({ policy: params['text'] ?? '' });
  }

  connectionRefused(why: string): void {
    this.#connections.add({ reason: why });
  }

  driftCheck(result: DriftResult | 'failed'): void {
    this.#driftChecks.add({ result });
  }

  /** @param outcome the code of the error; `ok`: there was none */
  backendCall(backend: string, operation: string, outcome: string, ms: number): void {
    this.#backend.add({ backend, operation, outcome }, ms / 1_000);
  }

  /**
   * All metrics, in the text format of Prometheus.
   * @param counts null: the storage could not be read
   * @param wall wall clock, milliseconds
   */
  text(counts: StorageCounts | null, connections: number, wall: number): string {
    const counter = (name: string, help: string, { samples }: Counts): Metric => ({
      name: `${prefix}${name}_total`,
      type: 'counter',
      help,
      samples,
    });
    const histogram = (name: string, help: string, { samples }: Durations): Metric => ({
      name: `${prefix}${name}_seconds`,
      type: 'histogram',
      help,
      samples,
    });
    return exposition([
      counter('http_requests', 'Requests by route and status.', this.#requests),
      histogram('http_request_duration', 'Duration of requests.', this.#durations),
      histogram('backend_request_duration', 'Duration of calls of the name server.', this.#backend),
      counter('policy_denials', 'Requests that the rights of a token did not allow.', this.#denials),
      counter('rate_limited', 'Requests that were refused because of a limit.', this.#limited),
      counter('auth_failures', 'Failed logins.', this.#logins),
      counter('connections_refused', 'Connections that were closed because of a limit.', this.#connections),
      counter('drift_checks', 'Checks of zones for changes of others.', this.#driftChecks),
      single(`${prefix}connections`, 'gauge', 'Open connections.', connections),
      single(`${prefix}storage_up`, 'gauge', 'Whether the storage answers.', counts !== null),
      ...(counts === null ? [] : stored(counts, wall)),
    ]);
  }
}

const prefix = 'domainsync_gateway_';

function stored(counts: StorageCounts, wall: number): readonly Metric[] {
  const { customers, zones, claims, openChanges, oldestChange, driftedZones, nextCheck } = counts;
  const late = nextCheck === null ? 0 : Math.max(0, wall - nextCheck) / 1_000;
  const age = oldestChange === null ? 0 : Math.max(0, wall - oldestChange) / 1_000;
  return [
    single(`${prefix}customers`, 'gauge', 'Customers.', customers),
    {
      name: `${prefix}zones`,
      type: 'gauge',
      help: 'Zones that somebody has, and names that are only claimed.',
      samples: [
        { labels: { state: 'owned' }, value: zones },
        { labels: { state: 'claimed' }, value: claims },
      ],
    },
    single(`${prefix}changes_open`, 'gauge', 'Accepted changes that have no outcome yet.', openChanges),
    single(`${prefix}oldest_change_age_seconds`, 'gauge', 'Age of the oldest of them.', age),
    single(`${prefix}drifted_zones`, 'gauge', 'Zones that somebody else has changed.', driftedZones),
    single(`${prefix}drift_check_late_seconds`, 'gauge', 'How late the latest check of a zone is.', late),
  ];
}

/**
 * Wraps the central of a name server so that the durations of its calls are counted.
 * @param name the name server's name in the metrics
 * @param now monotonic clock, milliseconds
 */
export function measuredCentral(
  name: string,
  central: Central,
  metrics: GatewayMetrics,
  now: () => number,
): Central {
  const timed = async <T>(operation: string, call: () => Promise<T>): Promise<T> => {
    const begun = now();
    let outcome = 'ok';
    try {
      return await call();
    } catch (error) {
      outcome = error instanceof CentralError ? error.code : 'defect';
      throw error;
    } finally {
      metrics.backendCall(name, operation, outcome, now() - begun);
    }
  };
  return {
    id: central.id,
    get traits() {
      return central.traits;
    },
    audit: (change) => central.audit(change),
    check: async (ctx) => {
      await timed('check', async () => {
        await central.check(ctx);
      });
    },
    listZones: async (asked, ctx) => await timed('list', async () => await central.listZones(asked, ctx)),
    readZone: async (zone, known, ctx) =>
      await timed('read-zone', async () => await central.readZone(zone, known, ctx)),
    readNames: async (zone, names, ctx, types, likely) =>
      await timed('read', async () => await central.readNames(zone, names, ctx, types, likely)),
    apply: async (change, present, ctx) =>
      await timed('write', async () => await central.apply(change, present, ctx)),
    mayCreateZone: async (zone, seed, ctx) =>
      await timed('may-create', async () => await central.mayCreateZone(zone, seed, ctx)),
    createZone: async (zone, seed, ctx, content) =>
      await timed('create', async () => await central.createZone(zone, seed, ctx, content)),
    deleteZone: async (zone, ctx) => await timed('delete', async () => await central.deleteZone(zone, ctx)),
    concerns: async (zones, ctx) => await timed('concerns', async () => await central.concerns(zones, ctx)),
    signing: async (zone, ctx) => await timed('signing', async () => await central.signing(zone, ctx)),
    ...passedSerials(central, async (_ctx: CallContext, read) => await timed('serials', read)),
    close: async () => {
      await central.close();
    },
  };
}
