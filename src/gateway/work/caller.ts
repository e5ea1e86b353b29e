import { ApiRefusal, denied } from '../api-refusal.ts';
import type { AuditFacts, Customer, Storage, StoredToken } from '../storage/storage.ts';
import { isAccepted } from './token-use.ts';
import type { DnsName } from '../../dns/name.ts';

/** Who sends a request: a customer's token, from an address. */
export interface Caller {
  readonly customer: Customer;
  readonly token: StoredToken;
  /** Address of the client. */
  readonly from: string;
}

/**
 * Reads token and customer again. A request may have waited, and the operator may have revoked the token or
 * suspended the customer meanwhile.
 * @param now wall clock, milliseconds
 * @throws {ApiRefusal} @throws {StorageError}
 */
export async function readAgain(
  storage: Storage,
  { token: { id }, from }: Caller,
  now: number,
): Promise<Caller> {
  const token = await storage.token(id);
  const customer = token === null ? null : await storage.customer(token.customer);
  if (token === null || customer === null || !(await isAccepted(storage, token, from, now)))
    throw new ApiRefusal(401, 'central.login');
  if (customer.state === 'suspended') throw denied({ text: 'customer suspended' });
  return { customer, token, from };
}

/** Refuses a write if the customer may only read. */
export function demandWritable({ customer }: Caller): void {
  if (customer.state !== 'active') throw denied({ text: `customer ${customer.state}` });
}

/** What the audit stores about a request. @param zone empty: it is about no zone */
export function auditOf(caller: Caller, what: string, zone: DnsName | '', detail: unknown): AuditFacts {
  return { what, customer: caller.customer.id, token: caller.token.id, from: caller.from, zone, detail };
}
