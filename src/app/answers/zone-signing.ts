import type { Central, Signing } from '../../core/central.ts';
import { CentralError } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';

/**
 * How the central signs a zone, or the problem that kept it from answering. `null`: the account has no such
 * zone.
 */
export type SigningReport = Signing | { readonly problem: Problem } | null;

/**
 * Longest time (ms) for the central's answer. It is short, because the answer to the user can also be given
 * without it.
 */
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
