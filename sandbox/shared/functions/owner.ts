import { field, options, type Call } from './common.ts';
import type { Element } from '../xml.ts';

/**
 * The owner field of a form, with the accounts to choose from; an ordinary account has none
 * (docs/protocol.md#zone-form-4, #zone-form-5).
 */
export function ownerField(call: Call, owner: string): Element[] {
  if (call.caller.level === 5) return [];
  const names = call.store.users().map((user) => user.name);
  const allowed = names.filter((name) => call.access.mayManage(call.caller, name));
  return [field('owner', owner), options('owner', allowed)];
}

/**
 * Whose a thing is after a save.
 * @throws Refusal code 3 for nobody, 6 for an account that is not below the caller
 */
export function readOwnerChange(call: Call, present: string): string {
  const owner = call.params.text('owner');
  if (owner === '' || call.caller.level === 5) return present;
  return call.access.become(call.caller, owner).name;
}
