import { deviationReadings, zoneName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';

/**
 * The zone that a call names. Handlers may get it in Unicode; where that can be read in two ways (`straße`: IDNA2003 and IDNA2008,
 * UTS #46 section 2.3), the one reading that the panel's own list has is meant.
 * @param known the panel's zones, as its list named them last
 * @throws {DnsDataError}
 */
export function zoneCalled(text: string, known: ReadonlySet<DnsName>): DnsName {
  try {
    return zoneName(text);
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    const [meant, ...others] = deviationReadings(text).filter((one) => known.has(one));
    if (meant === undefined || others.length > 0) throw error;
    return meant;
  }
}
