import { attentionTexts } from '../../core/catalogue-attention.ts';
import type { RecordState, ZoneState } from '../../core/ledger.ts';
import type { OperationState } from '../../core/operation.ts';
import type { CentralReport, EngineReport } from '../answers/central-report.ts';
import type { Health } from '../answers/health.ts';
import type { AgentReport, StatusReport } from '../control/protocol.ts';
import { channelNames, type ChannelName } from '../notify/channel.ts';
import type { Waiting } from '../notify/memory-file.ts';
import { single, type Metric, type Sample } from '../../net/exposition.ts';

/**
 * Makes the metrics of one panel. They contain no name of a zone, host or account, because every user of this
 * host may read the file. docs/monitoring.md describes each metric.
 */
export function metricsOf(report: StatusReport): readonly Metric[] {
  return [
    ...ofAgent(report),
    ...ofAttention(report),
    ...ofJournals(report),
    ...ofHealth(report),
    ...ofLive(report),
  ];
}

const agentStates = [
  'not-running',
  'not-configured',
  'broken',
  'running',
] as const satisfies readonly AgentReport['state'][];

function ofAgent({ at, pid, version, state, memory, paused, pausedUntil }: StatusReport): Metric[] {
  return [
    single('domainsync_up', 'gauge', 'Whether the agent runs and answers.', pid !== null),
    single(
      'domainsync_report_timestamp_seconds',
      'gauge',
      'When the state was as these metrics say, in seconds since 1970.',
      seconds(at),
    ),
    {
      name: 'domainsync_build_info',
      type: 'gauge',
      help: 'Always 1; the label has the version of the agent, or of the command if no agent runs.',
      samples: [{ labels: { version }, value: 1 }],
    },
    {
      name: 'domainsync_agent_state',
      type: 'gauge',
      help: '1 for the state that the agent is in, 0 for the others.',
      samples: agentStates.map((one) => ({ labels: { state: one }, value: Number(one === state) })),
    },
    single('domainsync_agent_resident_memory_bytes', 'gauge', 'Resident memory of the agent.', memory),
    single('domainsync_paused', 'gauge', 'Whether edits pass in the panel only.', paused),
    single(
      'domainsync_pause_end_timestamp_seconds',
      'gauge',
      'When the pause ends by itself; absent without a pause and without an end.',
      pausedUntil === null ? null : seconds(pausedUntil),
    ),
  ];
}

/** Metrics of notifications that still wait for delivery. A channel that fails cannot report this itself. */
export function noticeMetrics(waiting: readonly Waiting[]): readonly Metric[] {
  const times = (name: ChannelName): readonly number[] =>
    waiting.filter(({ channels }) => channels.includes(name)).map(({ notice }) => notice.at);
  return [
    {
      name: 'domainsync_notices_waiting',
      type: 'gauge',
      help: 'Notifications that could not be delivered yet.',
      samples: channelNames.map((channel) => ({ labels: { channel }, value: times(channel).length })),
    },
    {
      name: 'domainsync_notices_waiting_since_timestamp_seconds',
      type: 'gauge',
      help: 'When the oldest of them was made, in seconds since 1970; absent if none waits.',
      samples: channelNames.flatMap((channel) => {
        const made = times(channel);
        return made.length === 0 ? [] : [{ labels: { channel }, value: seconds(Math.min(...made)) }];
      }),
    },
  ];
}

/**
 * Metrics with one value for each code, 0 if no such reason exists. An alert rule can then see the change
 * from 0 to 1.
 */
function ofAttention({ attention }: StatusReport): Metric[] {
  const count = (code: string): number => attention.filter((one) => one.code === code).length;
  const codes = Object.keys(attentionTexts);
  return [
    {
      name: 'domainsync_attention_reasons',
      type: 'gauge',
      help: 'Reasons why an administrator has to look, by code ("domainsync status" says them in words).',
      samples: codes.map((code) => ({ labels: { code: shortCode(code) }, value: count(code) })),
    },
    {
      name: 'domainsync_attention_since_timestamp_seconds',
      type: 'gauge',
      help: 'Since when the oldest reason of this code is there, in seconds since 1970; absent if not known.',
      samples: codes.flatMap((code) => {
        const since = attention.flatMap((one) =>
          one.code === code && one.since !== null ? [one.since] : [],
        );
        return since.length === 0
          ? []
          : [{ labels: { code: shortCode(code) }, value: seconds(Math.min(...since)) }];
      }),
    },
  ];
}

function shortCode(code: string): string {
  return code.slice('attention.'.length);
}

/** All states of zones, records and operations. A state that nothing is in gets the value 0. */
const zoneStates = {
  synced: 0,
  'panel-only': 0,
  foreign: 0,
  excluded: 0,
  creating: 0,
  deleting: 0,
} as const satisfies Readonly<Record<ZoneState, 0>>;
const recordStates = {
  synced: 0,
  'panel-only': 0,
  'central-only': 0,
  conflict: 0,
  excluded: 0,
} as const satisfies Readonly<Record<RecordState, 0>>;
const openStates = {
  prepared: 0,
  applied: 0,
  kept: 0,
  reverting: 0,
  stuck: 0,
} as const satisfies Partial<Readonly<Record<OperationState, 0>>>;

/** Makes the metrics whose values come from the journals. They exist whether or not an agent runs. */
function ofJournals({ centrals }: StatusReport): Metric[] {
  const each = (read: (engine: EngineReport) => number | null): readonly Sample[] =>
    centrals.flatMap((one) => (one.engine === null ? [] : valueOf(one, read(one.engine))));
  const byState = (
    all: Readonly<Record<string, 0>>,
    read: (engine: EngineReport) => Readonly<Record<string, number>>,
  ): readonly Sample[] =>
    centrals.flatMap(({ number, engine }) =>
      Object.entries(engine === null ? {} : { ...all, ...read(engine) }).map(([state, value]) => ({
        labels: { central: String(number), state },
        value,
      })),
    );
  return [
    gauge(
      'domainsync_operations',
      'Operations that have not ended, by state.',
      byState(openStates, ({ unfinished }) => unfinished),
    ),
    gauge(
      'domainsync_operations_damaged',
      'Operations in the journal that cannot be read.',
      each((one) => one.damagedOperations),
    ),
    gauge(
      'domainsync_zones',
      'Zones by state.',
      byState(zoneStates, ({ zones }) => zones),
    ),
    gauge(
      'domainsync_zones_noted',
      'Zones with a note: "domainsync zones" shows why.',
      each(({ notes }) => notes),
    ),
    gauge(
      'domainsync_zones_frozen',
      'Zones whose part of the journal is damaged.',
      each(({ frozen }) => frozen),
    ),
    gauge(
      'domainsync_records',
      'Records by state.',
      byState(recordStates, ({ records }) => records),
    ),
    gauge(
      'domainsync_baseline_timestamp_seconds',
      'When the first comparison was complete, in seconds since 1970; absent until then.',
      each(({ baselineAt }) => (baselineAt === null ? null : seconds(baselineAt))),
    ),
    gauge(
      'domainsync_zones_owner_unknown',
      'Zones whose owner the panel does not report.',
      each(({ owners }) => owners.unknown),
    ),
  ];
}

/**
 * Metrics with the times when calls and comparisons last succeeded, as the running agent knows them or the
 * last one stored them.
 */
function ofHealth({ centrals }: StatusReport): Metric[] {
  const each = (read: (health: Health) => number | null): readonly Sample[] =>
    centrals.flatMap((one) => {
      const at = one.health === null ? null : read(one.health);
      return valueOf(one, at === null ? null : seconds(at));
    });
  return [
    gauge(
      'domainsync_central_answered_timestamp_seconds',
      'When the central last answered, in seconds since 1970; absent if not known.',
      each(({ answeredAt }) => answeredAt),
    ),
    gauge(
      'domainsync_central_failing_since_timestamp_seconds',
      'Since when the central does not answer, in seconds since 1970; absent if it does.',
      each(({ failingSince }) => failingSince),
    ),
    gauge(
      'domainsync_comparison_complete_timestamp_seconds',
      'When all zones were last compared, in seconds since 1970; absent if not known.',
      each(({ comparison }) => comparison.completeAt),
    ),
  ];
}

type ByAgent = NonNullable<CentralReport['fromAgent']>;

/** Makes the metrics whose values only a running agent knows. Without an agent, they are left out. */
function ofLive({ centrals }: StatusReport): Metric[] {
  const each = (read: (known: ByAgent) => number | boolean | null): readonly Sample[] =>
    centrals.flatMap((one) => (one.fromAgent === null ? [] : valueOf(one, read(one.fromAgent))));
  const ended = centrals.flatMap(({ number, fromAgent }) =>
    Object.entries(fromAgent?.verify?.ended ?? {}).map(([outcome, value]) => ({
      labels: { central: String(number), outcome },
      value,
    })),
  );
  return [
    gauge(
      'domainsync_central_blocked',
      'Whether nothing is sent to the central because it failed or refused the login.',
      each(({ blocked }) => blocked !== null),
    ),
    gauge(
      'domainsync_comparison_running',
      'Whether a comparison of all zones runs.',
      each(({ comparison }) => comparison.running),
    ),
    gauge(
      'domainsync_comparison_failing',
      'Whether the last comparison failed.',
      each(({ comparison }) => comparison.problem !== null),
    ),
    gauge(
      'domainsync_comparison_zones_done',
      'Zones that the running comparison has compared.',
      each(({ comparison }) => (comparison.running ? comparison.done : null)),
    ),
    gauge(
      'domainsync_comparison_zones_planned',
      'Zones that the running comparison compares.',
      each(({ comparison }) => (comparison.running ? comparison.total : null)),
    ),
    gauge(
      'domainsync_owners_read_timestamp_seconds',
      'When the owners of zones were last read from the panel, in seconds since 1970.',
      each(({ owners }) => (owners.readAt === null ? null : seconds(owners.readAt))),
    ),
    counter(
      'domainsync_edits_undecided_total',
      'Edits left to the panel because the owner of the zone is not known, since the agent started.',
      each(({ owners }) => owners.undecided),
    ),
    counter(
      'domainsync_edits_foreign_total',
      'Edits of zones of others that were left to the panel, since the agent started.',
      each(({ owners }) => owners.foreign),
    ),
    gauge(
      'domainsync_live_checks',
      'Edits that name servers are being asked about.',
      each(({ verify }) => verify?.underWay ?? null),
    ),
    gauge(
      'domainsync_live_checks_behind',
      'Edits that not all name servers serve in time.',
      each(({ verify }) => verify?.behind.length ?? null),
    ),
    counter(
      'domainsync_live_checks_ended_total',
      'Edits that name servers were asked about, by outcome, since the agent started.',
      ended,
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

function valueOf({ number }: CentralReport, value: number | boolean | null): readonly Sample[] {
  return value === null ? [] : [{ labels: { central: String(number) }, value: Number(value) }];
}

/** Turns milliseconds since 1970 into seconds. */
function seconds(milliseconds: number): number {
  return milliseconds / 1_000;
}
