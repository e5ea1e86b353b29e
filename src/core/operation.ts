import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { ZoneSeed } from './central.ts';

/**
 * Steps of an operation (docs/glossary.md#operation). `prepared` is durable before the first byte goes to the
 * central, `applied` means read back there. `kept` means that the panel reported the success of its part,
 * `confirmed` that a panel read showed it.
 */
export type OperationState =
  | 'prepared'
  | 'applied'
  | 'kept'
  | 'confirmed'
  | 'refused'
  | 'reverting'
  | 'reverted'
  | 'stuck';

type Steps = Readonly<Record<OperationState, readonly OperationState[]>>;

const ended = { confirmed: [], refused: [], reverted: [] } as const;

/** What may follow each state. Final is final: what becomes known later is an operation of its own. */
const steps: Readonly<Record<OperationKind, Steps>> = {
  records: {
    prepared: ['applied', 'kept', 'confirmed', 'refused', 'reverting', 'reverted', 'stuck'],
    applied: ['kept', 'confirmed', 'reverting', 'reverted', 'stuck'],
    kept: ['confirmed', 'reverting', 'reverted', 'stuck'],
    reverting: ['confirmed', 'refused', 'reverted', 'stuck'],
    stuck: ['confirmed', 'reverted'],
    ...ended,
  },
  'zone-create': {
    prepared: ['applied', 'kept', 'confirmed', 'refused', 'reverting', 'reverted', 'stuck'],
    applied: ['kept', 'confirmed', 'reverting', 'reverted'],
    kept: ['confirmed', 'reverting', 'reverted'],
    reverting: ['confirmed', 'reverted', 'stuck'],
    stuck: ['kept', 'reverted'],
    ...ended,
  },
  'zone-delete': {
    prepared: ['kept', 'confirmed', 'reverted', 'stuck'],
    applied: [],
    kept: ['confirmed', 'reverted', 'stuck'],
    reverting: [],
    stuck: ['kept', 'confirmed', 'reverted'],
    ...ended,
  },
};

/**
 * Whether an operation of this kind may go from one state to the other; writing the same state again is
 * allowed.
 */
export function mayStep(kind: OperationKind, from: OperationState, to: OperationState): boolean {
  return from === to || steps[kind][from].includes(to);
}

/** Whether nothing is left to do, a watch aside. */
export function isFinal(state: OperationState): boolean {
  return state === 'confirmed' || state === 'refused' || state === 'reverted';
}

/**
 * Whether something is left to do at this time (wall clock, ms): the operation is not final, or it is on
 * watch.
 */
export function isOpen({ state, watch }: Operation, wall: number): boolean {
  return !isFinal(state) || (watch !== null && watch.until > wall);
}

/** One record's part of an operation. */
export interface OperationItem {
  readonly remove: ResourceRecord | null;
  readonly add: ResourceRecord | null;
  /**
   * False when the item passes in the panel only (`panel-only`, `conflict`, apex NS ...): nothing is sent for
   * it.
   */
  readonly mirrored: boolean;
  /** Why it is not mirrored, or what was noticed on the way; a catalogue code. */
  readonly note: string | null;
}

export type OperationKind = Operation['kind'];

/**
 * `veto`: asked before the panel wrote, may be undone at the central. `compensate`: heard of after the panel
 * wrote; a refusal is restored in the panel. `follow`: found by comparison; nothing to undo, a refusal is
 * listed.
 */
export type OperationClass = 'veto' | 'compensate' | 'follow';

/**
 * What may still happen when an operation has had its last word. It ends by itself, whatever becomes of the
 * operation.
 */
export interface Watch {
  /** Wall clock, milliseconds since 1970, until when its records, or its zone, are checked. */
  readonly until: number;
  /** What requests of unknown outcome may still put there and take away at the central. */
  readonly added: readonly ResourceRecord[];
  readonly removed: readonly ResourceRecord[];
}

interface AnyOperation {
  /** Unique and sortable by time of creation. */
  readonly id: string;
  readonly class: OperationClass;
  readonly zone: DnsName;
  readonly incarnation: number;
  readonly state: OperationState;
  /** Of the hook call, to match its `after`; a hint only. */
  readonly fingerprint: string;
  readonly actor: string;
  /**
   * What led to it where no DNS edit did: a function of the panel (`webdomain.edit`), `pause-over` ...; else
   * empty.
   */
  readonly source: string;
  /** Whether the panel's `after` for it has been seen. */
  readonly afterSeen: boolean;
  /** Wall clock, milliseconds since 1970. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** Null: nothing is known that might still happen. */
  readonly watch: Watch | null;
  /** Failed tries of the step it is at, since the last success. */
  readonly attempts: number;
  /** Why it was refused, is stuck, or is being retried. */
  readonly problems: readonly Problem[];
}

/**
 * What our writes altered at the central; before they are answered, what they are to alter. The only things
 * an undo may touch.
 */
interface Evidence {
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

/** An edit of records. */
export interface RecordsOperation extends AnyOperation, Evidence {
  readonly kind: 'records';
  /** What the edit wants. */
  readonly items: readonly OperationItem[];
}

/** A zone that the panel makes, or has made. */
export interface CreateOperation extends AnyOperation, Evidence {
  readonly kind: 'zone-create';
  /** Requests of the user. */
  readonly seed: ZoneSeed | null;
  /** Whether we made the zone, as an answer or a read right after told us. `false`: no undo deletes it. */
  readonly created: boolean;
  /**
   * A request to make the zone may have gone out, and nobody knows what became of it, or what it made. What
   * is found later is no proof that it was ours (docs/adoption.md, rows 30 and 31).
   */
  readonly requested: boolean;
  /** Records found right after our create, which may be removed again. */
  readonly snapshot: readonly ResourceRecord[];
  /** The waiting delete it cancelled, taken up again if the create is undone; else null. */
  readonly cancels: string | null;
  /**
   * What the panel held when the central refused the zone: while it holds just that, the panel may be put
   * back.
   */
  readonly refusedContent: readonly ResourceRecord[];
}

/** A zone that the panel deletes, or has deleted. */
export interface DeleteOperation extends AnyOperation {
  readonly kind: 'zone-delete';
  /** The zone at the central before it. */
  readonly snapshot: readonly ResourceRecord[];
  /** What was ours in the zone when a create that had synced it was undone. */
  readonly formerlyOurs: readonly ResourceRecord[];
}

export type Operation = RecordsOperation | CreateOperation | DeleteOperation;

/** Those of the operations that are edits of records. */
export function edits(operations: readonly Operation[]): RecordsOperation[] {
  return operations.filter((operation) => operation.kind === 'records');
}

/** Those of the operations that make a zone. */
export function creates(operations: readonly Operation[]): CreateOperation[] {
  return operations.filter((operation) => operation.kind === 'zone-create');
}

/** Those of the operations that delete a zone. */
export function deletes(operations: readonly Operation[]): DeleteOperation[] {
  return operations.filter((operation) => operation.kind === 'zone-delete');
}
