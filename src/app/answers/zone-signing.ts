import type { Central, Signing } from '../../core/central.ts';
import { CentralError } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';

/**
 * How the central signs a zone, or why that could not be found out; `null`: the central has no such zone in
 * this account.
 */
export type SigningReport = Signing | { readonly problem: Problem } | null;

/** Longest time (ms) that somebody waits for what is only an addition to what is known here. */
const patience = 3_000;

/** Asks the central how it signs a zone. */
export async function reportSigning(central: Central, zone: DnsName): Promise<SigningReport> {
  try {
    return await central.signing(zone, { signal: AbortSignal.timeout(patience), operation: '-' });
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    return { problem: error.problem };
  }
}
