import type { DnsName } from '../dns/name.ts';

/** Reads the serials of the panel's zones from the name server that gets its zones from the panel. */
export interface SerialReader {
  /**
   * Reads the serials of zones (RFC 1035 section 3.3.13). Never throws. Leaves out zones about which the name
   * server does not answer, or for which it is not authoritative.
   */
  serials(zones: readonly DnsName[], signal: AbortSignal): Promise<ReadonlyMap<DnsName, number>>;
  close(): void;
}
