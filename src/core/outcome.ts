import { pullSource } from './zone-plan.ts';
import { isFinal, type Operation, type OperationItem } from './operation.ts';

/** The ways in which an edit has ended, or how far it is, for readers of the history. */
export const outcomeKinds = [
  /** The edit has not ended. */
  'under-way',
  /** Both sides have the edit. */
  'both-sides',
  /** Both sides have a part of the edit. */
  'partly',
  /** The panel has the edit; the central does not. */
  'panel-only',
  /** The edit was refused. */
  'refused',
  /** The edit was undone, or given up before anything was sent. */
  'undone',
  /** The edit waits for an operator. */
  'stuck',
  /** domainsync only observed the edit (`[sync] mode = observe`). */
  'observed',
] as const;

export type OutcomeKind = (typeof outcomeKinds)[number];

/** The end of an edit, with its reasons. */
export interface EditOutcome {
  readonly kind: OutcomeKind;
  /** Why: codes of notes and of refusals, each once. Empty: nothing has to be explained. */
  readonly why: readonly string[];
}

/**
 * The outcome of an operation, for a reader of the history. It is `both-sides` only if every item was seen on
 * both sides. Otherwise the item's `note` gives the reason.
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

/**
 * The outcome of an edit of records. Each item says whether it was sent to the central or stayed in the
 * panel.
 */
export function outcomeOfItems(items: readonly OperationItem[]): EditOutcome {
  const lacking = items.filter((item) => !isOnBothSides(item));
  const why = distinct(lacking.flatMap(({ note }) => note ?? []));
  if (lacking.length === 0) return { kind: 'both-sides', why };
  const isOneSided = lacking.length === items.length && !why.includes('note.kept-otherwise');
  return { kind: isOneSided ? 'panel-only' : 'partly', why };
}

/**
 * Problems of a confirmed create or delete of a zone which say that the central did not carry out all of it.
 * Each has the outcome that it leads to. Other problems of a confirmed operation come from earlier tries.
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

/**
 * Codes of an operation's problems. For an edit that has not ended, also the notes of items that stay in the
 * panel.
 */
function codesOf(operation: Operation): readonly string[] {
  const { problems, state } = operation;
  const items = operation.kind === 'records' && !isFinal(state) ? operation.items : [];
  const notes = items.filter(({ mirrored }) => !mirrored).flatMap(({ note }) => note ?? []);
  return distinct([...problems.map(({ code }) => code), ...notes]);
}

/**
 * The outcome of a pull. Its operation ends as `reverted`, because a pull is stored as the undo of an edit.
 */
function ofPull(operation: Operation): EditOutcome {
  const why = codesOf(operation);
  return { kind: why.length === 0 ? 'both-sides' : 'partly', why };
}

function distinct(codes: readonly string[]): readonly string[] {
  return [...new Set(codes)];
}
