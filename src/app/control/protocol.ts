/**
 * The questions that a client can send to the agent's socket, and their answers. Both are JSON, checked with
 * these schemas. `socket.ts` describes how they are sent as octets; `client.ts` sends questions.
 */
import * as v from 'valibot';
import type { Problem } from '../../dns/problem.ts';
import type { Decision } from '../../core/decision.ts';
import type { HistoryPage } from '../../core/history.ts';
import type { ZoneCounts } from '../../core/journal.ts';
import type { ZoneEntry } from '../../core/ledger.ts';
import type { Operation } from '../../core/operation.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Exclusion, ZonePlan, ZoneResult } from '../../core/zone-plan.ts';
import type { LiveView } from '../../centrals/verified/verifier.ts';
import type { Attention } from '../answers/attention.ts';
import type { CentralReport, CentralState } from '../answers/central-report.ts';
import { healthSchema } from '../answers/health.ts';
import type { ZoneView } from '../answers/journal-status.ts';
import type { PanelContent } from '../answers/panel-content.ts';
import type { AtEach, Numbered } from '../answers/per-central.ts';
import type { SigningReport } from '../answers/zone-signing.ts';
import type { Delegation } from '../plan/delegation.ts';
import type { TriedChannel } from '../notify/try-channels.ts';
import type { SeenCall } from '../self-test/step.ts';
import { problemSchema, recordSchema } from '../../journal/operation-schema.ts';
import { name } from '../../journal/stored.ts';
import {
  attention,
  engineReport,
  historyFilter,
  fromAgent,
  reportedEntry,
  reportedZone,
  seenCall,
  triedChannel,
  zoneReport,
} from './data.ts';
import {
  approvedPlan,
  centralPlan,
  exclusion,
  forcedImport,
  namedRecords,
  planRequest,
  zoneResult,
} from './plan-data.ts';

/** Number of the central that the question is about; null: all centrals. */
const central = v.nullable(v.number());

/** The schemas of each question's parameters. */
const parameters = {
  status: v.object({}),
  zones: v.object({ central }),
  zone: v.object({ zone: v.string(), central }),
  /**
   * Asks for one page of the history, newest first, with at most `most` entries. `before`: only entries older
   * than the one with this id; null: begin with the newest entry.
   */
  history: v.object({ filter: historyFilter, before: v.nullable(v.string()), most: v.number(), central }),
  /** Asks for the operations whose id begins with `prefix`. */
  operation: v.object({ prefix: v.string(), central }),
  /**
   * Asks the agent to start a comparison; the answer does not wait for its end. `zone`: null means all zones.
   */
  compare: v.object({ zone: v.nullable(v.string()), central }),
  /** Asks for all records of a zone on one side, as they are now. */
  content: v.object({ zone: v.string(), side: v.picklist(['panel', 'central']), central }),
  /** Asks for the names of all zones that the panel or a ledger has. */
  'zones-to-plan': v.object({ central }),
  /**
   * Asks which changes would give one side of a zone the records of the other. Writes nothing. `delegation`:
   * whether the agent also asks the settings' resolvers to which name servers the zone is delegated.
   */
  plan: v.object({ zone: v.string(), ...planRequest, central, delegation: v.exactOptional(v.boolean()) }),
  /** Asks the agent to apply the approved part of a zone's plan at one central. */
  apply: v.object({ approved: approvedPlan, central: v.number() }),
  /** Tells the agent, before the first edit of an import, that the import goes beyond the safety limits. */
  'forced-import': v.object(forcedImport),
  /** Excludes a zone, or records of it, from the synchronisation, or includes them again. */
  exclude: v.object({ zone: v.string(), only: v.nullable(namedRecords), excluded: v.boolean(), central }),
  /**
   * Ends the running trace of hook calls, answers with its calls, and starts a trace for `zone` (null: none).
   * `refuse`: the agent answers the first call of this stage with an error.
   */
  trace: v.object({
    zone: v.nullable(v.string()),
    refuse: v.nullable(v.picklist(['before', 'after'])),
  }),
  /** Removes a user's name and addresses from the history. */
  'erase-user': v.object({ user: v.string() }),
  /**
   * Tells the agent the result of the self-test: whether the panel checks a user's access before it calls us.
   */
  'access-check': v.object({ checksFirst: v.boolean() }),
  /**
   * Accepts the centrals' journals on behalf of an operator, although they may lack events
   * (docs/decisions/016-older-journals.md).
   */
  'accept-journal': v.object({ central }),
  /** Asks the agent to send a test notice on every channel of the settings. */
  'notify-test': v.object({}),
};

export type Question = keyof typeof parameters;

/** The parameters of each question. */
export type Requests = { readonly [N in Question]: v.InferOutput<(typeof parameters)[N]> };

/** The same schemas, with a type that makes the compiler check them against {@link Requests}. */
const requests: { readonly [N in Question]: v.GenericSchema<unknown, Requests[N]> } = parameters;

/** The field of a request that names the question. All other fields are parameters. */
export const question = v.object({
  do: v.custom<Question>((word) => typeof word === 'string' && Object.hasOwn(parameters, word)),
});

/** The state of the agent itself. */
export interface AgentReport {
  /** Process id of the agent; null: no agent runs. */
  readonly pid: number | null;
  /** Version of the agent. If no agent runs: version of the program that answers. */
  readonly version: string;
  /** Resident memory of the agent, octets; null: no agent runs. */
  readonly memory: number | null;
  readonly state: 'not-running' | 'not-configured' | 'broken' | 'running';
  readonly problems: readonly Problem[];
  /** Why the newest settings are not in force; empty: they are. */
  readonly pending: readonly Problem[];
}

/**
 * The state of one panel. The first central's fields are repeated at the top level; without a central they
 * are null.
 */
export interface StatusReport extends AgentReport, Nullable<CentralState> {
  /** When the report was made: wall clock, milliseconds since 1970. */
  readonly at: number;
  /** The reasons why an administrator has to look at the panel, the most urgent first. Empty: all is well. */
  readonly attention: readonly Attention[];
  readonly paused: boolean;
  /**
   * When the pause ends: milliseconds since 1970. Null: there is no pause (`paused` is false), or it has no
   * end.
   */
  readonly pausedUntil: number | null;
  readonly centrals: readonly CentralReport[];
}

type Nullable<T> = { readonly [K in keyof T]: T[K] | null };

/**
 * An operation. `outcome` and `why` say how it ended. `live` says whether the name servers serve its last
 * write; null: not known.
 */
export type ReportedOperation = Operation & {
  readonly outcome: OutcomeKind;
  readonly why: readonly string[];
  readonly live: LiveView | null;
};

/** An operation, or an edit that was decided without one. */
export type ReportedEntry = ReportedOperation | Decision;

/** A zone's entry, ledger rows and open operations, and how the central signs the zone. */
export interface ZoneReport extends ZoneView {
  readonly signing: SigningReport;
  /** The panel's records, if the ledger has none for this zone; null: nobody asked for them. */
  readonly inPanel: PanelContent;
}

/** The results of a test notice, one for each channel. Empty: the settings in force name no channel. */
export interface NotifyTest {
  /** Whether systemd confines the program that sent the notice. */
  readonly isService: boolean;
  readonly tried: readonly TriedChannel[];
}

/**
 * A zone's ledger entry, with the number of its records in each state; there are no numbers if the ledger has
 * no records.
 */
export interface CountedZone extends ZoneEntry, ZoneCounts {}

/** A zone's plan at one central. `central` is the central's number in the settings. */
export interface CentralPlan extends ZonePlan {
  readonly central: number;
  /** To which name servers the zone is delegated in the public DNS; absent: no resolver was asked. */
  readonly delegation?: Delegation;
}

/** The answer to each question. */
export interface Answers {
  readonly status: StatusReport;
  readonly zones: readonly Numbered<CountedZone>[];
  readonly zone: AtEach<ZoneReport>;
  readonly history: HistoryPage<Numbered<ReportedEntry>>;
  readonly operation: readonly Numbered<ReportedEntry>[];
  readonly compare: null;
  /** The zone's records on the requested side; null: that side has no such zone. */
  readonly content: readonly ResourceRecord[] | null;
  readonly 'zones-to-plan': readonly DnsName[];
  readonly plan: readonly CentralPlan[];
  readonly apply: ZoneResult;
  readonly 'forced-import': null;
  readonly exclude: readonly Numbered<Exclusion>[];
  readonly trace: readonly SeenCall[];
  readonly 'access-check': null;
  readonly 'notify-test': NotifyTest;
  /** How many journals were accepted. Only journals with a `doubt` are counted. */
  readonly 'accept-journal': number;
  readonly 'erase-user': ErasedUser;
}

/**
 * From how many entries of the history a user was removed, and how many open operations still name the user.
 */
export interface ErasedUser {
  readonly erased: number;
  readonly underWay: number;
}

const account = v.object({ kind: v.string(), address: v.string(), account: v.string() });

const centralState = {
  found: v.nullable(v.object({ address: v.string(), kind: v.string() })),
  engine: v.nullable(engineReport),
  fromAgent: v.nullable(fromAgent),
  health: v.nullable(healthSchema),
};

const status = v.object({
  at: v.number(),
  attention: v.array(attention),
  pid: v.nullable(v.number()),
  version: v.string(),
  memory: v.nullable(v.number()),
  state: v.picklist(['not-running', 'not-configured', 'broken', 'running']),
  problems: v.array(problemSchema),
  pending: v.array(problemSchema),
  paused: v.boolean(),
  pausedUntil: v.nullable(v.number()),
  central: v.nullable(account),
  ...centralState,
  centrals: v.array(
    v.object({
      number: v.number(),
      hasJournal: v.boolean(),
      conflictLimit: v.number(),
      observing: v.nullable(
        v.object({ since: v.nullable(v.number()), edits: v.number(), refused: v.number() }),
      ),
      central: account,
      ...centralState,
    }),
  ),
});

/** The schema of each question's answer. */
const answers: { readonly [N in Question]: v.GenericSchema<unknown, Answers[N]> } = {
  status,
  zones: v.array(reportedZone),
  zone: zoneReport,
  history: v.object({ entries: v.array(reportedEntry), next: v.nullable(v.string()) }),
  operation: v.array(reportedEntry),
  compare: v.null(),
  content: v.nullable(v.array(recordSchema)),
  'zones-to-plan': v.array(name),
  plan: v.array(centralPlan),
  apply: zoneResult,
  'forced-import': v.null(),
  exclude: v.array(exclusion),
  trace: v.array(seenCall),
  'access-check': v.null(),
  'accept-journal': v.number(),
  'notify-test': v.object({ isService: v.boolean(), tried: v.array(triedChannel) }),
  'erase-user': v.object({ erased: v.number(), underWay: v.number() }),
};

/** Checks that a value answers this question. @throws {v.ValiError} when it does not */
export function parseAnswer<N extends Question>(asked: N, value: unknown): Answers[N] {
  return parsed(answers[asked], value);
}

/** Checks that a value holds this question's parameters. @throws {v.ValiError} when it does not */
export function parseParameters<N extends Question>(asked: N, value: unknown): Requests[N] {
  return parsed(requests[asked], value);
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  return v.parse(schema, value);
}

/** The fields of a `status` answer that agents of all releases send. */
export const anyRelease = v.object({
  pid: v.number(),
  version: v.string(),
  engine: v.nullable(v.object({ open: v.number() })),
});

/** The message that carries an answer: the value, or the problems for which there is no value. */
export const envelope = v.variant('ok', [
  v.object({ ok: v.literal(true), value: v.unknown() }),
  v.object({ ok: v.literal(false), problems: v.array(problemSchema) }),
]);

export type Envelope = v.InferOutput<typeof envelope>;
