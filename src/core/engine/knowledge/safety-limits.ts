/** How much may be removed at once before an operator has to allow it (docs/adoption.md, rows 24 and 25). */
export interface SafetyLimits {
  /**
   * If a comparison finds this many records or more gone from one zone in the panel, it removes none of them.
   */
  readonly records: number;
  /** Highest percentage of a large zone's records that may be removed at once. */
  readonly share: number;
  /** A zone with at least this many records is large. */
  readonly largeZone: number;
  /** Highest percentage of all zones that may be deleted within an hour. One zone may always be deleted. */
  readonly zoneShare: number;
  /** At most this many zones may be deleted within an hour, however many zones there are. */
  readonly zones: number;
}

export const defaultSafetyLimits: SafetyLimits = {
  records: 5,
  share: 30,
  largeZone: 10,
  zoneShare: 1,
  zones: 20,
};

/** The period for which the limits of deleted zones count, milliseconds. */
export const limitedTime = 3_600_000;

/** Whether a zone is large, and more than the allowed part of its records would be removed. */
export function exceedsShare(removed: number, all: number, { share, largeZone }: SafetyLimits): boolean {
  return all >= largeZone && removed * 100 > all * share;
}

/** How many zones may be deleted within an hour if there are `all` zones. */
export function mostDeletes(all: number, { zoneShare, zones }: SafetyLimits): number {
  return Math.min(zones, Math.max(1, Math.ceil((all * zoneShare) / 100)));
}
