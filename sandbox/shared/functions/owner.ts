import { field, options, type Call } from './common.ts';
import type { Element } from '../xml.ts';

/**
 * The owner field of a form with the accounts to choose from. An ordinary user's form has none
 * (docs/protocol.md#zone-form-4, #zone-form-5).
 */
export function ownerField(call: Call, owner: string): Element[] {
  if (call.caller.level === 5) return [];
  const names = call.store.users().map((user) => user.name);
  const allowed = names.filter((name) => call.access.mayManage(call.caller, name));
  return [field('owner', owner), options('owner', allowed)];
}

/**
 * The owner of an object after a save. @param present the owner before
 * @throws Refusal code 3 when there is no such account, 6 when it is not below the caller
 */
export function readOwnerChange(call: Call, present: string): string {
  const owner = call.params.text('owner');
  if (owner === '' || call.caller.level === 5) return present;
  return call.access.become(call.caller, owner).name;
}
