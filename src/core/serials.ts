import type { DnsName } from '../dns/name.ts';

/** Reads the serials of the panel's zones at the name server that the panel itself feeds. */
export interface SerialReader {
  /**
   * The serial of the zone (RFC 1035 section 3.3.13). Never throws.
   * @returns null: that server does not answer, or has no authority for the zone
   */
  serial(zone: DnsName, signal: AbortSignal): Promise<number | null>;
  close(): void;
}
