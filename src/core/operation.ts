import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { ZoneSeed } from './central.ts';

/**
 * States of an operation (docs/glossary.md#operation). `prepared` is on disk before the first byte goes to
 * the central. `applied`: a read at the central showed the write. `kept`: the panel reported success of its
 * part. `confirmed`: a panel read showed it.
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

/**
 * The states that may follow each state. A final state has none: later findings get an operation of their
 * own.
 */
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
 * Whether an operation of this kind may go from one state to the other. Writing the same state again is
 * allowed.
 */
export function mayStep(kind: OperationKind, from: OperationState, to: OperationState): boolean {
  return from === to || steps[kind][from].includes(to);
}

/** Whether the operation has ended. It may still be on watch. */
export function isFinal(state: OperationState): boolean {
  return state === 'confirmed' || state === 'refused' || state === 'reverted';
}

/**
 * Whether the operation has not ended, or is on watch at the given time (wall clock, milliseconds since
 * 1970).
 */
export function isOpen({ state, watch }: Operation, wall: number): boolean {
  return !isFinal(state) || (watch !== null && watch.until > wall);
}

/** What an operation does to one record. */
export interface OperationItem {
  readonly remove: ResourceRecord | null;
  readonly add: ResourceRecord | null;
  /**
   * Whether the item is sent to the central. If not, it stays in the panel (`panel-only`, `conflict`, apex NS
   * and others).
   */
  readonly mirrored: boolean;
  /** Why the item is not sent, or what was noticed about it; a catalogue code. */
  readonly note: string | null;
}

export type OperationKind = Operation['kind'];

/**
 * How we learned of the operation. `veto`: from `before`; it may be undone at the central. `compensate`: from
 * `after`; if the central refuses, the panel is put back. `follow`: from a comparison; if the central
 * refuses, the difference is listed.
 */
export type OperationClass = 'veto' | 'compensate' | 'follow';

/**
 * What requests of unknown outcome may still change after an operation. The watch ends at `until`,
 * independent of the operation.
 */
export interface Watch {
  /** Until when its records, or its zone, are checked: wall clock, milliseconds since 1970. */
  readonly until: number;
  /** Records that such requests may still add or remove at the central. */
  readonly added: readonly ResourceRecord[];
  readonly removed: readonly ResourceRecord[];
}

/**
 * How long the steps of an operation took, milliseconds; a step that was not taken is absent. `before`: until
 * it was journalled, with the reads of the central. `write`: the write and its read-back. `after`: until the
 * panel reported its part. `confirm`: until a panel read showed it. `undo`: the undo.
 */
export interface Took {
  readonly before?: number;
  readonly write?: number;
  readonly after?: number;
  readonly confirm?: number;
  readonly undo?: number;
}

interface AnyOperation {
  /** Unique; ids sort by time of creation. */
  readonly id: string;
  readonly class: OperationClass;
  readonly zone: DnsName;
  readonly incarnation: number;
  readonly state: OperationState;
  /** Fingerprint of the hook call, to find the `after` that belongs to it. A hint only. */
  readonly fingerprint: string;
  readonly actor: string;
  /** The panel's function, and the address of the account's client. Absent: not known, or erased. */
  readonly func?: string;
  readonly address?: string;
  readonly took?: Took;
  /**
   * What led to the operation if no DNS edit did: a function of the panel (`webdomain.edit`), `pause-over`
   * and others. Otherwise empty.
   */
  readonly source: string;
  /** Whether the panel's `after` for this operation has come. */
  readonly afterSeen: boolean;
  /** When the operation was created, and when it last changed: wall clock, milliseconds since 1970. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** What may still change after it; null: no request of it is on its way, as far as we know. */
  readonly watch: Watch | null;
  /** Number of failed tries of the present step since the last success. */
  readonly attempts: number;
  /** Why the operation was refused, is stuck, or is being retried. */
  readonly problems: readonly Problem[];
}

/**
 * What our writes altered at the central; until they are answered, what they are meant to alter. An undo
 * touches nothing else.
 */
interface Evidence {
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

/** An edit of records. */
export interface RecordsOperation extends AnyOperation, Evidence {
  readonly kind: 'records';
  /** The change that the edit wants, record by record. */
  readonly items: readonly OperationItem[];
}

/** A zone that the panel makes, or has made. */
export interface CreateOperation extends AnyOperation, Evidence {
  readonly kind: 'zone-create';
  /** What the user entered for the new zone; null: nothing is known of it. */
  readonly seed: ZoneSeed | null;
  /**
   * Whether we made the zone: an answer, or a read right after the request, showed it. `false`: no undo
   * deletes the zone.
   */
  readonly created: boolean;
  /**
   * Whether a request to make the zone may have gone out with an unknown outcome. A zone that is found later
   * is then no proof that we made it (docs/adoption.md, rows 30 and 31).
   */
  readonly requested: boolean;
  /** Records found right after our create. An undo may remove them. */
  readonly snapshot: readonly ResourceRecord[];
  /**
   * Id of the waiting delete that this create cancelled; null: none. If the create is undone, the delete is
   * resumed.
   */
  readonly cancels: string | null;
  /**
   * What the zone held in the panel when the central refused it. The panel deletes the zone only while it
   * holds exactly these records.
   */
  readonly refusedContent: readonly ResourceRecord[];
}

/** A zone that the panel deletes, or has deleted. */
export interface DeleteOperation extends AnyOperation {
  readonly kind: 'zone-delete';
  /** Records of the zone at the central before the delete. */
  readonly snapshot: readonly ResourceRecord[];
  /** Records of the zone that were ours before a create synced it, if that create was undone. */
  readonly formerlyOurs: readonly ResourceRecord[];
  /**
   * Whether the central had the zone when the user deleted it, or a create of ours had asked for it; null:
   * not known. If it had none, a zone that it has later was made by another writer, unless a create of ours
   * asked for it since.
   */
  readonly wasThere: boolean | null;
}

export type Operation = RecordsOperation | CreateOperation | DeleteOperation;

/** Filters the operations that are edits of records. */
export function edits(operations: readonly Operation[]): RecordsOperation[] {
  return operations.filter((operation) => operation.kind === 'records');
}

/** Filters the operations that create a zone. */
export function creates(operations: readonly Operation[]): CreateOperation[] {
  return operations.filter((operation) => operation.kind === 'zone-create');
}

/** Filters the operations that delete a zone. */
export function deletes(operations: readonly Operation[]): DeleteOperation[] {
  return operations.filter((operation) => operation.kind === 'zone-delete');
}
