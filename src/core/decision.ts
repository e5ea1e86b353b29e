import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { OperationItem } from './operation.ts';

/** Codes that say why domainsync let the panel make a valid edit and sent nothing to the central. */
export type LeftNote =
  | 'note.left-pause'
  | 'note.left-panel-only'
  | 'note.left-foreign'
  | 'note.left-excluded'
  | 'note.left-deleting'
  | 'note.left-no-right'
  | 'note.left-owner-unknown'
  | 'note.left-observing';

/** The note of a decision that is stored in place of several other decisions. */
export const leftOutNote = 'note.left-out';

/**
 * How an edit would have ended if domainsync did not only observe. `unclear`: this could not be found out.
 */
export const wouldBe = ['both-sides', 'partly', 'panel-only', 'refused', 'unclear'] as const;

/** What domainsync would have done with an edit that it only observed. */
export interface Observed {
  readonly would: (typeof wouldBe)[number];
  /** Records that would have been removed and added at the central. */
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
}

/** How many edits were only observed, and how many of them would have been refused. */
export interface ObservedCounts {
  readonly edits: number;
  readonly refused: number;
}

/** What was found out about an observed edit. */
export interface Observation extends Pick<Decision, 'why' | 'items'> {
  readonly observed: Observed;
}

/**
 * The answer to an edit for which no operation exists: it was left to the panel, or refused before anything
 * was journalled.
 */
export interface Decision {
  readonly kind: 'call';
  /** Unique. Sorted as text, the ids of operations and decisions are in order of time. */
  readonly id: string;
  /** The kind of edit; `unclear`: the hook call could not be decoded. */
  readonly edit: 'records' | 'zone-create' | 'zone-delete' | 'unclear';
  /** Null: the hook call has no valid zone name, or this decision stands for several decisions. */
  readonly zone: DnsName | null;
  readonly outcome: 'panel-only' | 'refused' | 'observed';
  /** Codes of notes or refusals, each once. */
  readonly why: readonly string[];
  /** The account that made the edit; empty: the call names none, or the name was erased. */
  readonly actor: string;
  /** Address of the account's client; empty: the panel does not report the address, or it was erased. */
  readonly address: string;
  /** Function of the panel; empty: not known. */
  readonly func: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Whether the panel reported that it made the edit. */
  readonly kept: boolean;
  /** How many decisions this one stands for. */
  readonly times: number;
  /** The records that the edit removes and adds; empty: not known, or too long to keep. */
  readonly items: readonly Pick<OperationItem, 'remove' | 'add'>[];
  /** What domainsync would have done; absent: it did not only observe the edit. */
  readonly observed?: Observed;
}
