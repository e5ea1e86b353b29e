/** Requests to create or delete a zone that have a key. */
import { createHash } from 'node:crypto';
import type { DnsName } from '../../dns/name.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { Storage, StoredChange, ZoneRequestResult } from '../storage/storage.ts';
import type { Caller } from './caller.ts';
import { changeOf, outcomeRefusal, sameRequest } from './stored-change.ts';

/**
 * A request about a whole zone. Its key is stored once it is done, together with what it has done. So a
 * repetition that arrives late neither makes a zone again that was deleted since, nor deletes one that was
 * made since. A request that has failed leaves its key free.
 */
export class ZoneRequest<R extends ZoneRequestResult> {
  readonly #zone: DnsName;
  readonly #key: string | null;
  readonly #fingerprint: string;
  readonly #results: readonly R[];

  /**
   * @param key null: none, so a repetition of the request is not recognised
   * @param content all of the request by which a repetition is recognised
   * @param results how the request can end
   */
  constructor(zone: DnsName, key: string | null, content: unknown, results: readonly R[]) {
    this.#zone = zone;
    this.#key = key;
    const text = JSON.stringify([...results, zone, content]);
    this.#fingerprint = createHash('sha256').update(text).digest('hex');
    this.#results = results;
  }

  /**
   * What the request has done before.
   * @returns null: it is not known to have been done
   * @throws {ApiRefusal} if the key was used for another request, or withdrawn @throws {StorageError}
   */
  async before(storage: Storage, { token }: Caller): Promise<R | null> {
    const earlier = this.#key === null ? null : await storage.change(token.id, this.#key);
    if (earlier === null) return null;
    const { outcome, ...change } = sameRequest(earlier, this.#zone, this.#fingerprint);
    if (outcome?.kind !== 'done') throw outcomeRefusal({ ...change, outcome });
    const result = this.#results.find((one) => one === outcome.result);
    if (result === undefined) throw new ApiRefusal(422, 'gateway.key-reused');
    return result;
  }

  /** What is stored of the request; null: it has no key. @param at wall clock, milliseconds */
  done(caller: Caller, result: R, at: number): StoredChange | null {
    if (this.#key === null) return null;
    const facts = { fingerprint: this.#fingerprint, before: [], acceptedAt: at };
    const none = changeOf(caller, this.#zone, { key: this.#key, remove: [], add: [] }, facts);
    return { ...none, outcome: { kind: 'done', result, removed: [], added: [] } };
  }
}
