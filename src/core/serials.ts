import type { DnsName } from '../dns/name.ts';

/** Reads the serials of the panel's zones from the name server that gets its zones from the panel. */
export interface SerialReader {
  /**
   * The serial of the zone (RFC 1035 section 3.3.13). Never throws.
   * @returns null: the name server does not answer, or is not authoritative for the zone
   */
  serial(zone: DnsName, signal: AbortSignal): Promise<number | null>;
  close(): void;
}
