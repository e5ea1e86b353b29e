import { field, options, type Call } from './common.ts';
import type { Element } from '../xml.ts';

/**
 * Makes the owner field of a form, with the accounts to choose from. The form of an ordinary user has no such
 * field (docs/protocol.md#zone-form-4, #zone-form-5).
 */
export function ownerField(call: Call, owner: string): Element[] {
  if (call.caller.level === 5) return [];
  const names = call.store.users().map((user) => user.name);
  const allowed = names.filter((name) => call.access.mayManage(call.caller, name));
  return [field('owner', owner), options('owner', allowed)];
}

/**
 * Reads the owner of an object from a save.
 * @param present the owner until now
 * @throws Refusal code 3 when there is no such account, 6 when the account is not below the caller
 */
export function readOwnerChange(call: Call, present: string): string {
  const owner = call.params.text('owner');
  if (owner === '' || call.caller.level === 5) return present;
  return call.access.become(call.caller, owner).name;
}
