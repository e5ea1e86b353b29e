/** Schemas for questions about plans, and for their answers. */
import * as v from 'valibot';
import { plainText } from '../../core/plain-text.ts';
import {
  hindrances,
  leftReasons,
  stepReasons,
  type ApprovedPlan,
  type Exclusion,
  type PlanRequest,
  type ZonePlan,
  type ZoneResult,
} from '../../core/zone-plan.ts';
import { problemSchema, recordSchema } from '../../journal/operation-schema.ts';
import { name } from '../../journal/stored.ts';
import type { Delegation } from '../plan/delegation.ts';

type Fields<T> = { readonly [K in keyof T]-?: v.GenericSchema<unknown, T[K]> };

/** Selects the records with one name and one type; `type` null: all types. */
export const namedRecords = v.object({ name, type: v.nullable(v.string()) });

/** The request of an operator for a plan. */
export const planRequest = {
  direction: v.picklist(['push', 'pull']),
  removes: v.boolean(),
  only: v.exactOptional(namedRecords),
} satisfies Fields<PlanRequest>;

const whole = v.nullable(v.picklist(['create', 'delete']));

/** Maximum number of characters in an operator's name. */
const mostOperator = 64;
/** Maximum number of characters in a reason that an operator gives. */
export const mostReason = 200;

/** Whether a text is one line without control characters or others that a terminal would not show. */
function isPlain(text: string): boolean {
  return plainText(text) === text;
}

/** Whether a text can be stored as an operator's reason to go beyond the safety limits. */
export function isReason(text: string): boolean {
  return text.trim() !== '' && text.length <= mostReason && isPlain(text);
}

const operator = v.exactOptional(v.pipe(v.string(), v.maxLength(mostOperator), v.check(isPlain)));
const reason = v.pipe(v.string(), v.check(isReason));

/**
 * An import that removes more than the safety limits allow: its zone, the operator who forced it, and the
 * reason.
 */
export const forcedImport = { zone: name, operator, force: reason };

/** The part of a zone's plan that an operator has approved. */
export const approvedPlan = v.object({
  zone: name,
  ...planRequest,
  whole,
  steps: v.pipe(v.array(v.string()), v.readonly()),
  operator,
  force: v.exactOptional(reason),
  despiteDnssec: v.exactOptional(v.boolean()),
} satisfies Fields<ApprovedPlan>);

const plan = {
  zone: name,
  ...planRequest,
  whole,
  steps: v.array(
    v.object({
      action: v.picklist(['add', 'remove']),
      record: recordSchema,
      why: v.picklist(stepReasons),
    }),
  ),
  left: v.array(
    v.object({
      record: recordSchema,
      at: v.picklist(['panel', 'central']),
      why: v.picklist(leftReasons),
      codes: v.exactOptional(v.array(v.string())),
    }),
  ),
  hindrance: v.nullable(v.picklist(hindrances)),
  limit: v.nullable(
    v.variant('kind', [
      v.object({ kind: v.literal('records'), removed: v.number(), all: v.number() }),
      v.object({ kind: v.literal('zones'), left: v.number() }),
    ]),
  ),
  signed: v.boolean(),
  nameServers: v.exactOptional(v.array(name)),
} satisfies Fields<ZonePlan>;

const delegation = v.variant('kind', [
  v.object({ kind: v.literal('here') }),
  v.object({ kind: v.literal('partly'), to: v.array(name) }),
  v.object({ kind: v.literal('elsewhere'), to: v.array(name) }),
  v.object({ kind: v.literal('none') }),
  v.object({ kind: v.literal('failed'), text: v.string() }),
  v.object({ kind: v.literal('unanswered') }),
  v.object({ kind: v.literal('incomparable') }),
]) satisfies v.GenericSchema<unknown, Delegation>;

/** A zone's plan at one central. */
export const centralPlan = v.object({
  ...plan,
  central: v.number(),
  delegation: v.exactOptional(delegation),
});

/** How applying a zone's plan ended. */
export const zoneResult = v.variant('kind', [
  v.object({
    kind: v.literal('done'),
    refused: v.array(v.object({ record: recordSchema, code: v.string() })),
    operation: v.nullable(v.string()),
  }),
  v.object({ kind: v.literal('under-way'), operation: v.string() }),
  v.object({ kind: v.literal('changed'), now: v.object(plan) }),
  v.object({ kind: v.literal('busy') }),
  v.object({ kind: v.literal('refused'), problems: v.array(problemSchema) }),
]) satisfies v.GenericSchema<unknown, ZoneResult>;

const central = v.exactOptional(v.number());

/** How a request to exclude or include a zone or records ended. */
export const exclusion = v.variant('kind', [
  v.object({ kind: v.literal('done'), count: v.number(), central }),
  v.object({ kind: v.literal('nowhere'), central }),
  v.object({ kind: v.literal('under-way'), central }),
  v.object({ kind: v.literal('frozen'), central }),
  v.object({ kind: v.literal('other-host'), central }),
]) satisfies v.GenericSchema<unknown, Exclusion>;
