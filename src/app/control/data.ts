/** Schemas for the parts of which the agent's answers are made. */
import { gapFact, olderFact, otherHostFact } from '../../core/journal-doubts.ts';
import * as v from 'valibot';
import type { ZoneEntry } from '../../core/ledger.ts';
import { attentionTexts, type AttentionCode } from '../../core/catalogue-attention.ts';
import { outcomeKinds } from '../../core/outcome.ts';
import { name } from '../../journal/stored.ts';
import { decisionFields } from '../../journal/decision-table.ts';
import { operationFields, problemSchema, recordSchema } from '../../journal/operation-schema.ts';
import type { VerifyStatus } from '../../centrals/verified/verifier.ts';
import type { TriedChannel } from '../notify/try-channels.ts';
import type { SeenCall } from '../self-test/step.ts';
import type { Attention } from '../answers/attention.ts';
import type { EngineReport, FromAgent } from '../answers/central-report.ts';
import type { ZoneView } from '../answers/journal-status.ts';
import type { PanelContent } from '../answers/panel-content.ts';
import type { SigningReport } from '../answers/zone-signing.ts';

const { edit, create, removal } = operationFields;

const operation = v.variant('kind', [v.object(edit), v.object(create), v.object(removal)]);

const serverReport = v.object({
  server: v.string(),
  state: v.picklist(['live', 'hidden', 'old', 'unserved', 'failed', 'silent']),
  text: v.string(),
});

/** Number of the central to which an element belongs; absent if the panel has only one central. */
const central = v.exactOptional(v.number());

const reported = {
  outcome: v.picklist(outcomeKinds),
  why: v.array(v.string()),
  live: v.nullable(
    v.object({
      state: v.picklist(['waiting', 'asking', 'dropped', 'live', 'hidden', 'behind', 'superseded']),
      servers: v.array(serverReport),
    }),
  ),
  central,
};

/**
 * An entry of the history: an operation, or an edit that was decided without one. `outcome` and `why` say how
 * an operation ended; `live` says whether the name servers serve its last write.
 */
export const reportedEntry = v.variant('kind', [
  v.object({ ...edit, ...reported }),
  v.object({ ...create, ...reported }),
  v.object({ ...removal, ...reported }),
  v.object({ ...decisionFields, central }),
]);

/** A filter for entries of the history. */
export const historyFilter = v.object({
  zone: v.exactOptional(name),
  name: v.exactOptional(name),
  user: v.exactOptional(v.string()),
  outcome: v.exactOptional(v.picklist(outcomeKinds)),
  since: v.exactOptional(v.number()),
  until: v.exactOptional(v.number()),
});

const zoneEntry = {
  zone: name,
  state: v.picklist(['synced', 'panel-only', 'foreign', 'excluded', 'creating', 'deleting']),
  incarnation: v.number(),
  baselineAt: v.number(),
  note: v.nullable(v.string()),
} satisfies Fields<ZoneEntry>;

/** A zone in a list. */
export const reportedZone = v.object({
  ...zoneEntry,
  records: v.record(v.string(), v.number()),
  conflictSince: v.nullable(v.number()),
  central,
});

const ledgerRow = v.object({
  record: recordSchema,
  state: v.picklist(['synced', 'panel-only', 'central-only', 'conflict', 'excluded']),
  onPanel: v.boolean(),
  onCentral: v.boolean(),
  panelKey: v.nullable(v.string()),
  otherKeys: v.exactOptional(v.array(v.string())),
  note: v.nullable(v.string()),
});

const signing = v.nullable(
  v.union([
    v.object({ signed: v.nullable(v.boolean()), ds: v.array(v.string()), cds: v.array(v.string()) }),
    v.object({ problem: problemSchema }),
  ]),
) satisfies v.GenericSchema<unknown, SigningReport>;

const inPanel = v.nullable(
  v.union([v.object({ records: v.array(recordSchema) }), v.object({ problem: problemSchema })]),
) satisfies v.GenericSchema<unknown, PanelContent>;

const zoneView = {
  entry: v.nullable(v.object(zoneEntry)),
  rows: v.array(ledgerRow),
  open: v.array(operation),
} satisfies Fields<ZoneView>;

/**
 * One zone, with its records in panel and central. If the panel has several centrals, the top level describes
 * the zone at the first one, and `centrals` describes it at each.
 */
export const zoneReport = v.object({
  ...zoneView,
  signing,
  inPanel,
  central,
  centrals: v.exactOptional(
    v.array(
      v.object({
        ...zoneView,
        signing,
        inPanel,
        central: v.number(),
        address: v.string(),
        account: v.string(),
      }),
    ),
  ),
});

/** A reason why an administrator has to look at the panel. */
export const attention = v.object({
  code: v.custom<AttentionCode>((word) => typeof word === 'string' && Object.hasOwn(attentionTexts, word)),
  central: v.nullable(v.number()),
  since: v.nullable(v.number()),
  params: v.record(v.string(), v.string()),
} satisfies Fields<Attention>);

/** The state of a central, as its journal stores it. */
export const engineReport = v.object({
  baselineAt: v.nullable(v.number()),
  doubt: v.nullable(v.object({ why: v.picklist([olderFact, gapFact, otherHostFact]), since: v.number() })),
  open: v.number(),
  stuck: v.array(operation),
  unfinished: v.record(v.string(), v.number()),
  zones: v.record(v.string(), v.number()),
  records: v.record(v.string(), v.number()),
  notes: v.number(),
  frozen: v.number(),
  damagedOperations: v.number(),
  owners: v.object({
    way: v.nullable(v.picklist(['column', 'each-account', 'none'])),
    check: v.picklist(['on', 'off', 'proved']),
    zones: v.number(),
    unknown: v.number(),
  }),
} satisfies Fields<EngineReport>);

/** State of the checks at the name servers. */
const verifyStatus = v.object({
  servers: v.array(v.string()),
  strict: v.boolean(),
  underWay: v.number(),
  waiting: v.number(),
  ended: v.object({
    live: v.number(),
    hidden: v.number(),
    behind: v.number(),
    superseded: v.number(),
    dropped: v.number(),
  }),
  behind: v.array(
    v.object({
      operation: v.string(),
      zone: name,
      names: v.array(name),
      since: v.number(),
      asking: v.boolean(),
      servers: v.array(serverReport),
    }),
  ),
} satisfies Fields<VerifyStatus>);

/** The part of a central's state that only a running agent knows. */
export const fromAgent = v.object({
  blocked: v.nullable(problemSchema),
  nextPassword: v.boolean(),
  comparison: v.object({
    running: v.boolean(),
    done: v.number(),
    total: v.number(),
    problem: v.nullable(v.string()),
  }),
  owners: v.object({
    readAt: v.nullable(v.number()),
    undecided: v.number(),
    undecidedAt: v.nullable(v.number()),
    foreign: v.number(),
    foreignAt: v.nullable(v.number()),
  }),
  verify: v.nullable(verifyStatus),
} satisfies Fields<FromAgent>);

/** One hook call for the zone of the self-test. */
export const seenCall = v.object({
  func: v.string(),
  stage: v.string(),
  key: v.nullable(v.string()),
  parameters: v.array(v.string()),
  marked: v.boolean(),
  at: v.number(),
  verdict: v.picklist(['accept', 'refuse']),
  shown: v.nullable(v.union([v.array(v.string()), v.literal('no-zone'), v.literal('blocked')])),
} satisfies Fields<SeenCall>);

/** The result of a test notice on one channel. */
export const triedChannel = v.object({
  channel: v.picklist(['webhook', 'mail']),
  target: v.string(),
  ms: v.number(),
  problem: v.nullable(problemSchema),
} satisfies Fields<TriedChannel>);

/** A schema for each field of a type. If a field has no schema, the code does not compile. */
type Fields<T> = { readonly [K in keyof T]-?: v.GenericSchema<unknown, T[K]> };
