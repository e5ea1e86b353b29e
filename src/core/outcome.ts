import { pullSource } from './zone-plan.ts';
import { isFinal, type Operation, type OperationItem } from './operation.ts';

/** Every way in which an edit can stand or end, for readers of the history. */
export const outcomeKinds = [
  /** It has not ended. */
  'under-way',
  /** Both sides have it. */
  'both-sides',
  /** Both sides have a part of it. */
  'partly',
  /** The panel has it; the central does not. */
  'panel-only',
  /** It was refused. */
  'refused',
  /** It was undone, or given up before it was sent. */
  'undone',
  /** It waits for an operator. */
  'stuck',
  /** domainsync only observed it (`[sync] mode = observe`). */
  'observed',
] as const;

export type OutcomeKind = (typeof outcomeKinds)[number];

/** How an edit ended. */
export interface EditOutcome {
  readonly kind: OutcomeKind;
  /** Why: codes of notes and of refusals, each once. Empty: nothing has to be explained. */
  readonly why: readonly string[];
}

/**
 * How an operation ended, for a reader of the history. It is `both-sides` only if every item was seen on
 * both sides; the engine notes on an item why it was not.
 */
export function outcomeOf(operation: Operation): EditOutcome {
  switch (operation.state) {
    case 'prepared':
    case 'applied':
    case 'kept':
    case 'reverting':
      return { kind: 'under-way', why: codesOf(operation) };
    case 'confirmed':
      return operation.kind === 'records' ? outcomeOfItems(operation.items) : ofZone(operation);
    case 'refused':
      return { kind: 'refused', why: codesOf(operation) };
    case 'reverted':
      return operation.source === pullSource
        ? ofPull(operation)
        : { kind: 'undone', why: codesOf(operation) };
    case 'stuck':
      return { kind: 'stuck', why: codesOf(operation) };
  }
}

/** Whether an item of a confirmed edit was seen on both sides. */
function isOnBothSides({ mirrored, note }: OperationItem): boolean {
  return mirrored && (note === null || note === 'note.old-gone');
}

/** How an edit of records ends whose items were sent, or stayed in the panel, as they say. */
export function outcomeOfItems(items: readonly OperationItem[]): EditOutcome {
  const lacking = items.filter((item) => !isOnBothSides(item));
  const why = distinct(lacking.flatMap(({ note }) => note ?? []));
  if (lacking.length === 0) return { kind: 'both-sides', why };
  const isOneSided = lacking.length === items.length && !why.includes('note.kept-otherwise');
  return { kind: isOneSided ? 'panel-only' : 'partly', why };
}

/**
 * Codes of problems with which a create or a delete of a zone is confirmed although the central lacks a part
 * of it. Other problems of a confirmed operation are those of earlier tries.
 */
const lackings: ReadonlyMap<string, OutcomeKind> = new Map([
  ['zone.records-left', 'partly'],
  ['zone.left-at-central', 'panel-only'],
]);

function ofZone({ problems }: Operation): EditOutcome {
  for (const { code } of problems) {
    const kind = lackings.get(code);
    if (kind !== undefined) return { kind, why: [code] };
  }
  return { kind: 'both-sides', why: [] };
}

/** Codes of an operation's problems. For an open edit, also the reasons why items of it stay in the panel. */
function codesOf(operation: Operation): readonly string[] {
  const { problems, state } = operation;
  const items = operation.kind === 'records' && !isFinal(state) ? operation.items : [];
  const notes = items.filter(({ mirrored }) => !mirrored).flatMap(({ note }) => note ?? []);
  return distinct([...problems.map(({ code }) => code), ...notes]);
}

/** A pull ends like the undo of an edit: by a read of the panel that shows what the central has. */
function ofPull(operation: Operation): EditOutcome {
  const why = codesOf(operation);
  return { kind: why.length === 0 ? 'both-sides' : 'partly', why };
}

function distinct(codes: readonly string[]): readonly string[] {
  return [...new Set(codes)];
}
