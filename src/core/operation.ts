import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { ZoneSeed } from './central.ts';

/**
 * States of an operation (docs/glossary.md#operation). `prepared`: on disk before the first request to the
 * central. `applied`: a read showed the write at the central. `kept`: the panel reported that it made the
 * edit. `confirmed`: a panel read showed the edit.
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
 * For each state, the states that may follow. No state follows a final one: what is found out later gets an
 * operation of its own.
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
    applied: ['kept', 'confirmed', 'reverting', 'reverted', 'stuck'],
    kept: ['confirmed', 'reverting', 'reverted', 'stuck'],
    reverting: ['confirmed', 'reverted', 'stuck'],
    stuck: ['kept', 'confirmed', 'reverted'],
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
 * Whether an operation of this kind may go from one state to the other. An operation may also be stored again
 * in the same state.
 */
export function mayStep(kind: OperationKind, from: OperationState, to: OperationState): boolean {
  return from === to || steps[kind][from].includes(to);
}

/** Whether the operation has ended. It may still be on watch. */
export function isFinal(state: OperationState): boolean {
  return state === 'confirmed' || state === 'refused' || state === 'reverted';
}

/**
 * Whether the operation has not ended, or its watch still runs at the given time (wall clock, milliseconds
 * since 1970).
 */
export function isOpen({ state, watch }: Operation, wall: number): boolean {
  return !isFinal(state) || (watch !== null && watch.until > wall);
}

/** Whether the first operation had ended before the other one began. */
export function wasOver({ id, state, endedAfter = id }: Operation, other: Operation): boolean {
  return isFinal(state) && other.id > endedAfter;
}

/** What an operation does to one record. */
export interface OperationItem {
  readonly remove: ResourceRecord | null;
  readonly add: ResourceRecord | null;
  /**
   * Whether the item is sent to the central. If not, it is made in the panel only, because the record is
   * `panel-only`, in `conflict`, an apex NS or the like.
   */
  readonly mirrored: boolean;
  /** Catalogue code of the reason why the item is not sent, or of something unusual about it; null: none. */
  readonly note: string | null;
}

export type OperationKind = Operation['kind'];

/**
 * How domainsync learned of the edit. `veto`: from the `before` call; the edit may be undone at the central.
 * `compensate`: from the `after` call; if the central refuses, the edit is undone in the panel. `follow`:
 * from a comparison; if the central refuses, the difference is listed.
 */
export type OperationClass = 'veto' | 'compensate' | 'follow';

/**
 * Changes that requests of unknown outcome may still make at the central. The watch lasts until `until`, even
 * after the operation has ended.
 */
export interface Watch {
  /**
   * Until this time, the operation's records, or its zone, are checked again and again. Wall clock,
   * milliseconds since 1970.
   */
  readonly until: number;
  /** Records that the requests of unknown outcome may still add or remove at the central. */
  readonly added: readonly ResourceRecord[];
  readonly removed: readonly ResourceRecord[];
}

/**
 * How many milliseconds the steps of an operation took; a step that was not taken is absent. `before`: until
 * the operation was journalled, including reads of the central. `write`: the write and the read that checks
 * it. `after`: until the panel reported that it made the edit. `confirm`: until a panel read showed the edit.
 * `undo`: the undo.
 */
export interface Took {
  readonly before?: number;
  readonly write?: number;
  readonly after?: number;
  readonly confirm?: number;
  readonly undo?: number;
}

interface AnyOperation {
  /** Id of the operation. Ids are unique and sort by time of creation. */
  readonly id: string;
  readonly class: OperationClass;
  readonly zone: DnsName;
  readonly incarnation: number;
  readonly state: OperationState;
  /**
   * A text made from the hook call, equal for the `before` and `after` of one edit. It suggests, but does not
   * prove, which calls belong together.
   */
  readonly fingerprint: string;
  /** The panel's account that made the edit, or the login name of the operator who gave the command. */
  readonly actor: string;
  /** The panel's function, and the address of the account's client. Absent: not known, or erased. */
  readonly func?: string;
  readonly address?: string;
  /** Why an operator set the safety limits aside for this operation, in his words. */
  readonly force?: string;
  readonly took?: Took;
  /**
   * What caused the operation if it was not a DNS edit: a function of the panel (`webdomain.edit`),
   * `pause-over` and others. Otherwise empty.
   */
  readonly source: string;
  /** Whether the panel's `after` for this operation has come. */
  readonly afterSeen: boolean;
  /** When the operation was created, and when it last changed: wall clock, milliseconds since 1970. */
  readonly createdAt: number;
  readonly changedAt: number;
  /**
   * Id of the newest operation when this one ended. Operations with a greater id began later, whatever their
   * times say, because the clock may have been set. Absent: not ended, or ended by an earlier release.
   */
  readonly endedAfter?: string;
  /**
   * What requests of this operation may still change at the central; null: as far as we know, none is under
   * way.
   */
  readonly watch: Watch | null;
  /** How often the present step has failed since the last success. */
  readonly attempts: number;
  /** Why the operation was refused, is stuck, or is being retried. */
  readonly problems: readonly Problem[];
}

/**
 * The records that our writes removed and added at the central. While a write has no answer yet, these are
 * the records that it is meant to change. An undo touches no other records.
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
  /**
   * Key of the write that was sent on an expectation, and that the central has not answered. Meanwhile
   * `removed` and `added` say what the write is meant to change. They prove nothing, because the central
   * carries it out only if the expectation is true (docs/decisions/026-one-request.md). Absent: none.
   */
  readonly unanswered?: string | null;
}

/** The create of a zone that the panel is about to create, or has created. */
export interface CreateOperation extends AnyOperation, Evidence {
  readonly kind: 'zone-create';
  /** What the user entered for the new zone; null: unknown. */
  readonly seed: ZoneSeed | null;
  /**
   * Whether it is proven that this operation created the zone at the central. The proof is the central's
   * answer, or a read right after the request. `false`: no undo deletes the zone.
   */
  readonly created: boolean;
  /**
   * Whether a request to create the zone may have gone out with an unknown outcome. If so, finding the zone
   * later does not prove that we created it (docs/adoption.md, rows 30 and 31).
   */
  readonly requested: boolean;
  /** Records that the central put into the zone when we created it. An undo may remove them. */
  readonly snapshot: readonly ResourceRecord[];
  /**
   * Id of an earlier delete of the same zone that this create cancelled before it was sent; null: none. If
   * the create is undone, the delete is resumed.
   */
  readonly cancels: string | null;
  /**
   * The zone's records in the panel when the central refused the zone. The zone is deleted in the panel only
   * while it still has exactly these records.
   */
  readonly refusedContent: readonly ResourceRecord[];
}

/** The delete of a zone that the panel is about to delete, or has deleted. */
export interface DeleteOperation extends AnyOperation {
  readonly kind: 'zone-delete';
  /** Records of the zone at the central before the delete. */
  readonly snapshot: readonly ResourceRecord[];
  /**
   * Records of the zone that were ours before we undid an earlier create of the zone. Empty if there was no
   * such create.
   */
  readonly formerlyOurs: readonly ResourceRecord[];
  /**
   * Whether the central had the zone when the user deleted it, or one of our creates had requested the zone
   * by then. Null: unknown. `false`: a zone that the central has later was created by another writer, unless
   * a later create of ours requested it.
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
