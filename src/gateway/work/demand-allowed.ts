import type { Central } from '../../core/central.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import { ApiRefusal, denied } from '../api-refusal.ts';
import { decideChange } from '../rights/decide.ts';
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
