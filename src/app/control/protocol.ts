/**
 * What the agent can be asked over its socket, and what it answers. Requests and answers are JSON; the
 * schemas here are the only description of both. `socket.ts` says how they are framed, `client.ts` asks.
 */
import * as v from 'valibot';
import type { Problem } from '../../dns/problem.ts';
import type { ZoneEntry } from '../../core/ledger.ts';
import type { Operation } from '../../core/operation.ts';
import type { LiveView } from '../../centrals/verified/verifier.ts';
import type { CentralReport, CentralState } from '../answers/central-report.ts';
import type { ZoneView } from '../answers/journal-status.ts';
import type { AtEach, Numbered } from '../answers/per-central.ts';
import type { SigningReport } from '../answers/zone-signing.ts';
import type { SeenCall } from '../self-test/step.ts';
import { problemSchema } from '../../journal/operation-schema.ts';
import { engineReport, liveCentral, reportedOperation, reportedZone, seenCall, zoneReport } from './data.ts';

/** Which central is meant, by its number; null: all of them. */
const central = v.nullable(v.number());

/** What goes with each question. */
const parameters = {
  status: v.object({}),
  zones: v.object({ central }),
  zone: v.object({ zone: v.string(), central }),
  history: v.object({ latest: v.number(), central }),
  /** Operations whose id begins with `prefix`. */
  operation: v.object({ prefix: v.string(), central }),
  /**
   * Compares soon and in the background. `zone` null: all; `follow`: removes at the central whatever the
   * panel lacks.
   */
  compare: v.object({ zone: v.nullable(v.string()), follow: v.boolean(), central }),
  /** Ends the present trace of hook calls, begins one of `zone`, and answers with the calls seen so far. */
  trace: v.object({
    zone: v.nullable(v.string()),
    refuse: v.nullable(v.picklist(['before', 'after'])),
  }),
  /** What the self-test saw: whether the panel checks access before it calls us. */
  'access-check': v.object({ checksFirst: v.boolean() }),
};

export type Question = keyof typeof parameters;

/** The parameters of each question. */
export type Requests = { readonly [N in Question]: v.InferOutput<(typeof parameters)[N]> };

/** The schema of each question's parameters. */
const requests: { readonly [N in Question]: v.GenericSchema<unknown, Requests[N]> } = parameters;

/** Which question a request is: the rest of it are the parameters. */
export const question = v.object({
  do: v.custom<Question>((word) => typeof word === 'string' && Object.hasOwn(parameters, word)),
});

/** What the agent says of itself. */
export interface AgentReport {
  /** Null: no agent runs. */
  readonly pid: number | null;
  /** Of the agent, or of the program that answers in its place. */
  readonly version: string;
  /** Resident memory, octets. */
  readonly memory: number | null;
  readonly state: 'not-running' | 'not-configured' | 'broken' | 'running';
  readonly problems: readonly Problem[];
  /** Why the newest settings are not in force. */
  readonly pending: readonly Problem[];
}

/** All of one panel. What the first central reports stands at the top as well; null without one. */
export interface StatusReport extends AgentReport, Nullable<CentralState> {
  readonly paused: boolean;
  /** Wall clock, milliseconds since 1970; null: until resumed, or not paused. */
  readonly pausedUntil: number | null;
  readonly centrals: readonly CentralReport[];
}

type Nullable<T> = { readonly [K in keyof T]: T[K] | null };

/** An operation, with how the name servers stand to what it wrote last; null: not known. */
export type ReportedOperation = Operation & { readonly live: LiveView | null };

/** What is known of a zone, and what the central tells of its signing. */
export interface ZoneReport extends ZoneView {
  readonly signing: SigningReport;
}

/** What each question is answered. */
export interface Answers {
  readonly status: StatusReport;
  readonly zones: readonly Numbered<ZoneEntry>[];
  readonly zone: AtEach<ZoneReport>;
  readonly history: readonly Numbered<ReportedOperation>[];
  readonly operation: readonly Numbered<ReportedOperation>[];
  readonly compare: null;
  readonly trace: readonly SeenCall[];
  readonly 'access-check': null;
}

const account = v.object({ kind: v.string(), address: v.string(), account: v.string() });

const centralState = {
  found: v.nullable(v.object({ address: v.string(), kind: v.string() })),
  engine: v.nullable(engineReport),
  live: v.nullable(liveCentral),
};

const status = v.object({
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
  centrals: v.array(v.object({ number: v.number(), central: account, ...centralState })),
});

/** The schema of each answer. */
const answers: { readonly [N in Question]: v.GenericSchema<unknown, Answers[N]> } = {
  status,
  zones: v.array(reportedZone),
  zone: zoneReport,
  history: v.array(reportedOperation),
  operation: v.array(reportedOperation),
  compare: v.null(),
  trace: v.array(seenCall),
  'access-check': v.null(),
};

/** @throws {v.ValiError} for a value that is no answer to this question */
export function parseAnswer<N extends Question>(asked: N, value: unknown): Answers[N] {
  return parsed(answers[asked], value);
}

/** @throws {v.ValiError} for parameters that do not belong to this question */
export function parseParameters<N extends Question>(asked: N, value: unknown): Requests[N] {
  return parsed(requests[asked], value);
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  return v.parse(schema, value);
}

/** What an agent of any release says of itself, in its answer to `status`. */
export const anyRelease = v.object({
  pid: v.number(),
  version: v.string(),
  engine: v.nullable(v.object({ open: v.number() })),
});

/** A whole answer: the value, or why there is none. */
export const envelope = v.variant('ok', [
  v.object({ ok: v.literal(true), value: v.unknown() }),
  v.object({ ok: v.literal(false), problems: v.array(problemSchema) }),
]);

export type Envelope = v.InferOutput<typeof envelope>;
