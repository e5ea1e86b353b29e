/** How much may be removed at once before an operator has to allow it (docs/adoption.md, rows 24 and 25). */
export interface SafetyLimits {
  /** So many records that a comparison finds gone from one zone are only listed. */
  readonly records: number;
  /** At most this part of a large zone's records may be removed, percent. */
  readonly share: number;
  /** A zone with at least so many records is large. */
  readonly largeZone: number;
  /** At most this part of all zones may be deleted within an hour, percent, but always one. */
  readonly zoneShare: number;
  /** At most so many zones may be deleted within an hour, however many there are. */
  readonly zones: number;
}

export const defaultSafetyLimits: SafetyLimits = {
  records: 5,
  share: 30,
  largeZone: 10,
  zoneShare: 1,
  zones: 20,
};

/** The time that the limits of deleted zones are about, milliseconds. */
export const limitedTime = 3_600_000;

/** Whether a zone is large, and more than the allowed part of its records would be removed. */
export function exceedsShare(removed: number, all: number, { share, largeZone }: SafetyLimits): boolean {
  return all >= largeZone && removed * 100 > all * share;
}

/** How many of so many zones may be deleted within an hour. */
export function mostDeletes(all: number, { zoneShare, zones }: SafetyLimits): number {
  return Math.min(zones, Math.max(1, Math.ceil((all * zoneShare) / 100)));
}
