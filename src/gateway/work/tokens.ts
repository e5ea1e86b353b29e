/** Tokens that tokens make. */
import { problem } from '../../dns/problem.ts';
import { isNetworkWithin, readNetwork } from '../../net/inside.ts';
import { ApiRefusal, denied } from '../api-refusal.ts';
import { checkRights, isNarrower, type Rights } from '../rights/decide.ts';
import { makeToken } from '../rights/token.ts';
import { newTokenFacts, type Storage, type StoredToken } from '../storage/storage.ts';
import { auditOf, demandWritable, readAgain, type Caller } from './caller.ts';
import { overLimit } from './limits.ts';
import { endOf } from './token-use.ts';

export interface TokenPorts {
  readonly storage: Storage;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/** A token that another token is to make. */
export interface TokenRequest {
  readonly label: string;
  readonly rights: Rights;
  /** Empty: the same as for the token that makes it. */
  readonly networks: readonly string[];
  /** Wall clock, milliseconds; null: the same as for the token that makes it. */
  readonly expiresAt: number | null;
  /** Milliseconds without use after which the token ends; null: it needs no use. */
  readonly idle: number | null;
}

/** The text of a token, which is shown once. */
export interface ShownToken {
  readonly id: string;
  readonly text: string;
}

/**
 * Makes a token that can do no more than its maker, and that ends with it.
 * @throws {ApiRefusal} 403 if it could do more, or the maker may make none; 422 for rights with problems
 */
export async function makeNarrowerToken(
  { storage, wall }: TokenPorts,
  sender: Caller,
  asked: TokenRequest,
): Promise<ShownToken> {
  const now = wall();
  const caller = await makerOf(storage, sender, now);
  const { token: maker, customer } = caller;
  demandNarrower(asked, maker);
  const { id, text, hash } = makeToken();
  const { label, rights, idle } = asked;
  const networks = asked.networks.length === 0 ? maker.networks : asked.networks;
  const expiresAt = asked.expiresAt ?? maker.expiresAt;
  const made = { label, rights, networks, expiresAt, idle, maker: maker.id };
  const facts = auditOf(caller, 'token.made', '', { id, label, rights, networks, expiresAt });
  const stored = { ...newTokenFacts, ...made, id, hash, customer: customer.id, createdAt: now };
  const reached = await storage.addToken(stored, facts);
  if (reached !== null) throw overLimit(reached.limit);
  return { id, text };
}

/**
 * Takes rights from a token that the caller has made. A token never gets more rights than it was made with:
 * its text may be kept in places that are safe enough only for these.
 * @returns the token as it is then
 * @throws {ApiRefusal} 403 if it could do more than before; 404; 409: somebody else has just changed it
 */
export async function narrowMadeToken(
  { storage, wall }: TokenPorts,
  sender: Caller,
  id: string,
  rights: Rights,
): Promise<StoredToken> {
  const caller = await makerOf(storage, sender, wall());
  const token = await demandMade(storage, caller, id);
  if (endOf(token, wall()) !== null) throw noSuchToken();
  const problems = checkRights(rights);
  if (problems.length > 0) throw new ApiRefusal(422, 'central.invalid-value', { problems });
  // The maker may have lost rights himself since.
  if (![token, caller.token].every((one) => isNarrower(rights, one.rights))) throw wider('rights');
  const facts = auditOf(caller, 'token.narrowed', '', { id, before: token.rights, rights });
  if (await storage.replaceRights(id, token.rights, rights, facts)) return { ...token, rights };
  throw new ApiRefusal(409, 'central.contended', { params: { text: 'token' }, retry: 'later' });
}

/** Gives a token that the caller has made another text. @param overlap how long the old is accepted, ms */
export async function rotateMadeToken(
  { storage, wall }: TokenPorts,
  sender: Caller,
  id: string,
  overlap: number,
): Promise<ShownToken> {
  const caller = await makerOf(storage, sender, wall());
  await demandMade(storage, caller, id);
  const { text, hash } = makeToken(id);
  const until = wall() + overlap;
  const facts = auditOf(caller, 'token.rotated', '', { id, until });
  if (!(await storage.rotateToken(id, { hash, until }, facts))) throw noSuchToken();
  return { id, text };
}

/** A token as it is shown: `previousUntil` says until when its text before the last rotation is accepted. */
export type ShownFacts = Omit<StoredToken, 'hash' | 'previous'> & { readonly previousUntil: number | null };

/** The facts of a token without its secrets. */
export function withoutSecret({ hash: _hash, previous, ...token }: StoredToken): ShownFacts {
  return { ...token, previousUntil: previous?.until ?? null };
}

/** Tokens that the caller's token has made, also ended ones. */
export async function madeTokens({ storage }: TokenPorts, caller: Caller): Promise<readonly StoredToken[]> {
  const all = await storage.tokens(caller.customer.id);
  return all.filter(({ maker }) => maker === caller.token.id);
}

/** Ends a token that the caller has made. @throws {ApiRefusal} 404: there is none with this id in use */
export async function revokeMadeToken(
  { storage, wall }: TokenPorts,
  sender: Caller,
  id: string,
): Promise<void> {
  const caller = await makerOf(storage, sender, wall());
  await demandMade(storage, caller, id);
  const facts = auditOf(caller, 'token.revoked', '', { id });
  if (!(await storage.revokeToken(id, wall(), facts))) throw noSuchToken();
}

/** The caller as he is now. @throws {ApiRefusal} if his token may not make others */
async function makerOf(storage: Storage, sender: Caller, now: number): Promise<Caller> {
  const caller = await readAgain(storage, sender, now);
  if (!caller.token.makesTokens) throw denied({ text: 'token.make' });
  demandWritable(caller);
  return caller;
}

async function demandMade(storage: Storage, caller: Caller, id: string): Promise<StoredToken> {
  const token = await storage.token(id);
  if (token?.maker !== caller.token.id) throw noSuchToken();
  return token;
}

function demandNarrower({ rights, networks, expiresAt }: TokenRequest, maker: StoredToken): void {
  const wrong = networks.filter((text) => readNetwork(text) === null);
  const problems = [...checkRights(rights), ...wrong.map((text) => problem('gateway.no-network', { text }))];
  if (problems.length > 0) throw new ApiRefusal(422, 'central.invalid-value', { problems });
  if (!isNarrower(rights, maker.rights)) throw wider('rights');
  if (!areNetworksWithin(networks, maker.networks)) throw wider('networks');
  if (expiresAt !== null && maker.expiresAt !== null && expiresAt > maker.expiresAt) throw wider('expires');
}

function areNetworksWithin(inner: readonly string[], outer: readonly string[]): boolean {
  if (outer.length === 0) return true;
  const wide = outer.map(readNetwork).filter((network) => network !== null);
  return inner.every((text) => {
    const network = readNetwork(text);
    return network !== null && wide.some((one) => isNetworkWithin(network, one));
  });
}

/** The refusal of a token that could do more than its maker. */
function wider(what: 'rights' | 'networks' | 'expires'): ApiRefusal {
  return new ApiRefusal(403, 'gateway.token-wider', { params: { text: what } });
}

function noSuchToken(): ApiRefusal {
  return new ApiRefusal(404, 'central.missing', { params: { text: 'token' } });
}
