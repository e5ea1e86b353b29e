import type { CallContext, Central } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import { ApiRefusal, denied } from '../api-refusal.ts';
import { decideChange, denialOfDelete, mayDeleteZone, mayRead } from '../rights/decide.ts';
import type { Backends } from './backends.ts';
import type { Caller } from './caller.ts';

/** Refuses what the token's rules do not allow, and records that cannot be in the zone. */
export function demandAllowed(
  { caller, backend }: { readonly caller: Caller; readonly backend: Central },
  change: Change,
  present: readonly ResourceRecord[],
): void {
  const [first] = decideChange(caller.token.rights, change, present);
  // The lacking right (`add`, `change`) is not named: it would tell whether the RRset exists.
  if (first !== undefined) throw denied({ text: `${first.name} ${first.type}` });
  const problems = backend.audit(change);
  if (problems.length > 0) throw new ApiRefusal(422, 'central.invalid-value', { problems });
}

/**
 * Refuses a token that may not delete the zone with all that is in it now.
 * @throws {ApiRefusal} 403 @throws {CentralError} @throws {StorageError}
 */
export async function demandDeletable(
  backends: Backends,
  { token: { rights } }: Caller,
  zone: DnsName,
  ctx: CallContext,
): Promise<void> {
  if (!mayDeleteZone(rights, zone)) throw denied({ text: 'zone.delete' });
  const backend = await backends.of(zone);
  const present = await backend.readZone(zone, [], ctx);
  const denial = denialOfDelete(rights, zone, present ?? []);
  if (denial === null) return;
  // The answer names no RRset that the token may not read.
  const isShown = denial !== 'zone' && mayRead(rights, zone, denial);
  throw denied({ text: isShown ? `zone.delete: ${denial.name} ${denial.type}` : 'zone.delete' });
}
