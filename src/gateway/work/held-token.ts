import { ApiRefusal } from '../api-refusal.ts';
import { isSameHash, readToken } from '../rights/token.ts';
import type { AuditFacts, Storage } from '../storage/storage.ts';
import { endOf, isTextOf } from './token-use.ts';
import type { TokenPorts } from './tokens.ts';

/** A token, and the address of whoever has sent its text. The token may have leaked. */
export interface HeldToken {
  readonly token: { readonly id: string };
  readonly from: string;
  /** The token's customer; null: it is the operator's. */
  readonly owner: string | null;
}

/**
 * Finds out which token has this text. The address and the customer's state do not matter.
 * @param text the token as sent
 * @param from address of the client
 * @throws {ApiRefusal} 401 `central.login`: no token in use has this text
 * @throws {StorageError}
 */
export async function findHeldToken(
  { storage, wall }: TokenPorts,
  text: string,
  from: string,
): Promise<HeldToken> {
  const read = readToken(text);
  const token = read === null ? null : await storage.token(read.id);
  if (isTextOf(token, read?.hash ?? null, wall()) && token !== null && endOf(token, wall()) === null)
    return { token, from, owner: token.customer };
  const operator = read === null ? null : await storage.operator(read.id);
  const isInUse = operator !== null && endOf(operator, wall()) === null;
  if (read !== null && isInUse && isSameHash(read.hash, operator.hash))
    return { token: operator, from, owner: null };
  throw new ApiRefusal(401, 'central.login');
}

/** Ends a token that has leaked. @throws {ApiRefusal} 401: the token has just ended @throws {StorageError} */
export async function endHeldToken({ storage, wall }: TokenPorts, held: HeldToken): Promise<void> {
  const { token, from, owner } = held;
  const facts = { customer: owner ?? '', token: token.id, from, zone: '', detail: {} };
  const audit = { ...facts, what: owner === null ? 'operator.leaked' : 'token.leaked' };
  if (!(await revoke(storage, held, wall(), audit))) throw new ApiRefusal(401, 'central.login');
}

async function revoke(
  storage: Storage,
  { token: { id }, owner }: HeldToken,
  at: number,
  audit: AuditFacts,
): Promise<boolean> {
  return await (owner === null ? storage.revokeOperator(id, at, audit) : storage.revokeToken(id, at, audit));
}
