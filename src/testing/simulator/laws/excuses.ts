/**
 * Reasons why a law does not apply, by id. Each text names a case in docs/adoption.md, by its row or heading,
 * or a case in docs/planning.md.
 */
export const excuses = {
  /** The record was on one side only before the first engine started. */
  old: 'row 5',
  /** Somebody else wrote or removed the record at the central. */
  meddled: 'row 12',
  /** The panel changed the record without a DNS event, or its `after` was lost. */
  unheard: 'row 24',
  /**
   * Reads of the panel showed the edit so late that the engine no longer trusted the `after` and undid the
   * edit.
   */
  'shown-late': 'Shown late',
  /** The record competes with a record that is left alone. */
  rival: 'row 9',
  /** The record's name has a CNAME, or the record is a CNAME and its name has other records. */
  alias: 'row 3',
  /** An edit replaced this record by one that is left alone, or a record that is left alone by this one. */
  'part-of-edit': 'row 7',
  /** The central refused the record when a comparison, or the filling of a zone, sent it. */
  'refused-addition': 'Refused in bulk',
  /** The central stored other data for the record than it was sent. */
  reworded: 'In other words',
  /** Only the panel had the zone before the first engine started. */
  'old-zone': 'row 4',
  /** The central refuses to create the zone, or the panel lost the zone without a DNS event. */
  'listed-zone': 'row 25',
  /** The provider created the zone by hand, and the panel does not have it. */
  'provider-zone': 'row 19',
  /**
   * The provider created the zone by hand, while the panel had it and the ledger called it synced. It is then
   * synced like any other zone.
   */
  'made-again': 'row 31',
  /** Another account has the zone at the central. */
  'foreign-zone': 'row 20',
  /** Somebody else wrote in the zone, so an administrator has to resolve the operation. */
  stuck: 'Stuck',
  /** The delete of a signed zone waits for the second confirmation. */
  'second-yes': 'row 26',
  /**
   * We sent a create for the zone, and nobody read back what it made. The zone is then synced like any other.
   */
  'late-create': 'row 31',
  /** Like `late-create`, but the panel does not have the zone. The zone is kept and listed. */
  'maybe-ours': 'row 30',
  /** A change of the TTL landed long after the engine had given it up. */
  'late-ttl': 'A late TTL',
  /** Somebody else wrote the same data as a request of ours whose answer was lost. */
  'same-data': 'The same data',
  /** Somebody else wrote the record after our create of the zone, and before we read the zone back. */
  'in-snapshot': 'Between a create and its read-back',
  /** Somebody else wrote the record after our last read and before our request. */
  unread: 'Between a read and a write',
  /** Somebody else wrote the record while our request was on its way. */
  crossed: 'While a request is on its way',
  /** The zone is deleted at a central that cannot show whole zones, so the engine did not see the record. */
  'not-shown': 'Not shown',
  /**
   * Two equal edits were requested at the same time, so nobody can tell which operations belong to which
   * edit.
   */
  twins: 'Two equal edits at once',
  /**
   * An older copy of the journal was put back. The two sides differed at that time, or a request that the
   * copy does not know landed later.
   */
  'older-journal': 'An older journal',
  /** An operator has seen the step in a plan and approved it. */
  approved: 'Approved',
  /** An operator excluded the record, its name or its zone. */
  excluded: 'Excluded',
  /**
   * The panel deleted the zone while the engine only observed, or an edit was under way when the observing
   * began.
   */
  observed: 'While only observing',
  /**
   * A safety limit forbids a comparison to remove at the central what disappeared from the panel during a
   * pause.
   */
  limited: 'row 24',
  /** Another accepted edit wants the record as it is after the refused edit. */
  claimed: 'Wanted by another edit',
} as const;

export type ExcuseId = keyof typeof excuses;
