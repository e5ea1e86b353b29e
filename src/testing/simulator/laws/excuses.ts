/**
 * Why a law does not apply, by id. Each excuse names its case in docs/adoption.md: a row of the table (`row
 * 6`), or a heading.
 */
export const excuses = {
  /** The record stood on one side only before we came. */
  old: 'row 5',
  /** Somebody wrote or removed the record at the central. */
  meddled: 'row 12',
  /** The panel changed the record without a DNS event, or its `after` got lost. */
  unheard: 'row 24',
  /** Reads of the panel did not show the edit for longer than `after` is believed: it is undone. */
  'shown-late': 'Shown late',
  /** A record that competes with it is left alone. */
  rival: 'row 9',
  /** A CNAME stands in its place, or other data in that of a CNAME. */
  alias: 'row 3',
  /** It was changed into, or out of, a record that is left alone. */
  'part-of-edit': 'row 7',
  /** The central refused the record when a comparison or a first send wanted it there. */
  'refused-addition': 'Refused in bulk',
  /** The central kept the record in other words than it was sent. */
  reworded: 'In other words',
  /** Only the panel had the zone when we came. */
  'old-zone': 'row 4',
  /** The central would not have the zone, or the panel lost it without a DNS event. */
  'listed-zone': 'row 25',
  /** The provider made the zone by hand, and the panel has none yet. */
  'provider-zone': 'row 19',
  /**
   * The provider made the zone by hand while the panel has it and the ledger counts on it: it is synced like
   * any other.
   */
  'made-again': 'row 31',
  /** Another account has the zone at the central. */
  'foreign-zone': 'row 20',
  /** Somebody wrote there, and an administrator has to decide. */
  stuck: 'Stuck',
  /** A signed zone waits for a second yes. */
  'second-yes': 'row 26',
  /**
   * A create of ours was sent for the zone, and nobody read back what it made: the zone is synced like any
   * other.
   */
  'late-create': 'row 31',
  /** The same, and the panel does not have the zone: left and listed. */
  'maybe-ours': 'row 30',
  /** A change of the TTL landed long after it was given up. */
  'late-ttl': 'A late TTL',
  /** Somebody wrote the same as a request of ours whose answer got lost. */
  'same-data': 'The same data',
  /** Somebody wrote it between our create of the zone and the read right after it. */
  'in-snapshot': 'Between a create and its read-back',
  /** Somebody wrote it between our last read and our request. */
  unread: 'Between a read and a write',
  /** Somebody wrote it while our request was on its way. */
  crossed: 'While a request is on its way',
  /** The central cannot show whole zones, and the zone is deleted. */
  'not-shown': 'Not shown',
  /** Two equal edits were asked about at once: which operation is whose cannot be known. */
  twins: 'Two equal edits at once',
  /** Another edit, which was accepted, wants the record as the refused one left it. */
  claimed: 'Wanted by another edit',
} as const;

export type ExcuseId = keyof typeof excuses;
