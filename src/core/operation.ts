import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { ZoneSeed } from './central.ts';

/**
 * Steps of an operation (design: "Words"). `prepared` is durable before the first byte goes to the central, `applied` means
 * read back there, `kept` that the panel told us its part succeeded, `confirmed` that a panel read showed it.
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

const steps: Readonly<Record<OperationState, readonly OperationState[]>> = {
  prepared: ['applied', 'kept', 'confirmed', 'refused', 'reverting', 'reverted', 'stuck'],
  applied: ['kept', 'confirmed', 'reverting', 'reverted', 'stuck'],
  kept: ['confirmed', 'reverting', 'reverted', 'stuck'],
  confirmed: [],
  refused: ['reverting'],
  reverting: ['reverted', 'confirmed', 'refused', 'stuck'],
  reverted: ['reverting'],
  stuck: ['kept', 'reverting', 'confirmed', 'reverted'],
};

/** Whether an operation may go from one state to the other; writing the same state again is allowed. */
export function mayStep(from: OperationState, to: OperationState): boolean {
  return from === to || steps[from].includes(to);
}

/** Whether nothing is left to do, a watch aside. */
export function isFinal(state: OperationState): boolean {
  return state === 'confirmed' || state === 'refused' || state === 'reverted';
}

/** One record's part of an operation. */
export interface OperationItem {
  readonly remove: ResourceRecord | null;
  readonly add: ResourceRecord | null;
  /** False when the item passes in the panel only (`panel-only`, `differs`, apex NS ...): nothing is sent for it. */
  readonly mirrored: boolean;
  /** Why it is not mirrored, or what was noticed on the way; a catalogue code. */
  readonly note: string | null;
}

export type OperationKind = 'records' | 'zone-create' | 'zone-delete';

/**
 * `veto`: asked before the panel wrote, may be undone at the central. `compensate`: heard of after the panel wrote; a refusal is
 * restored in the panel. `follow`: found by comparison; nothing to undo, a refusal is listed.
 */
export type OperationClass = 'veto' | 'compensate' | 'follow';

export interface Operation {
  /** Unique and sortable by time of creation. */
  readonly id: string;
  readonly kind: OperationKind;
  readonly class: OperationClass;
  readonly zone: DnsName;
  readonly incarnation: number;
  readonly state: OperationState;
  /** Of the hook call, to match its `after`; a hint only. */
  readonly fingerprint: string;
  readonly actor: string;
  /** What led to it where no DNS edit did: a function of the panel (`webdomain.edit`), `pause-over` ...; else empty. */
  readonly source: string;
  /** `records`: what the edit wants. */
  readonly items: readonly OperationItem[];
  /**
   * `records`: what our writes altered at the central; the only things an undo may take back. `zone-delete`: `added` are the
   * records that were ours when a create that joined the zone was undone.
   */
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
  /** `zone-create`: wishes of the user. */
  readonly seed: ZoneSeed | null;
  /** `zone-create`: whether we made the zone, as an answer or a read right after told us. `false`: no undo deletes it. */
  readonly created: boolean;
  /**
   * `zone-create`: a request to make the zone may have gone out, and nobody knows what became of it. What is found later is no proof
   * that it was ours (docs/adoption.md, rows 30 and 31).
   */
  readonly requested: boolean;
  /** `zone-create`: records found right after our create, which may be removed again; `zone-delete`: the zone before it. */
  readonly snapshot: readonly ResourceRecord[];
  /** `zone-create`: the waiting delete it cancelled, taken up again if the create is undone; else null. */
  readonly cancels: string | null;
  /** Whether the panel's `after` for it has been seen. */
  readonly afterSeen: boolean;
  /** Wall clock, milliseconds since 1970. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** Wall clock until when a write of unknown outcome may still land; 0 = none. */
  readonly watchUntil: number;
  /** Failed tries of the step it is at, since the last success. */
  readonly attempts: number;
  /** Why it was refused, is stuck, or is being retried. */
  readonly problems: readonly Problem[];
}
