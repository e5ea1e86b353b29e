import {
  CentralError,
  passedConditional,
  passedSerials,
  type Altered,
  type CallContext,
  type Central,
} from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { reportText, type Verifier } from './verifier.ts';

/**
 * Wraps a central so that after each write the name servers are queried until they serve it. If the verifier
 * is strict, an edit that can still be refused waits for the name servers. If a name server does not serve
 * the write in time, the call fails with `central.not-live`. The state of this error is `partial`, because
 * the central has carried out the write. The circuit breaker has to be inside this wrapper, because a late
 * name server does not mean that the central fails.
 */
export function withVerification(central: Central, verifier: Verifier): Central {
  return {
    id: central.id,
    get traits() {
      return central.traits;
    },
    audit: (change) => central.audit(change),
    check: (ctx) => central.check(ctx),
    listZones: (asked, ctx) => central.listZones(asked, ctx),
    readZone: (zone, known, ctx) => central.readZone(zone, known, ctx),
    readNames: (zone, names, ctx, types, likely) => central.readNames(zone, names, ctx, types, likely),
    apply: async (change, present, ctx) => {
      const altered = await central.apply(change, present, ctx);
      await verify(verifier, change.zone, altered, present, ctx);
      return altered;
    },
    mayCreateZone: (zone, seed, ctx) => central.mayCreateZone(zone, seed, ctx),
    createZone: async (zone, seed, ctx, content = []) => {
      const made = await central.createZone(zone, seed, ctx, content);
      if (made !== 'exists' && central.traits.createsWithContent)
        verifier.written(zone, { removed: [], added: content }, ctx.operation);
      return made;
    },
    deleteZone: async (zone, ctx) => {
      const outcome = await central.deleteZone(zone, ctx);
      verifier.gone(zone);
      return outcome;
    },
    concerns: (zones, ctx) => central.concerns(zones, ctx),
    signing: (zone, ctx) => central.signing(zone, ctx),
    ...passedSerials(central, (_ctx, read) => read()),
    ...passedConditional(central, (inner) => ({
      apply: async (change, condition, ctx) => {
        const answer = await inner.apply(change, condition, ctx);
        if (!('found' in answer))
          await verify(verifier, change.zone, answer, condition.expected.records, ctx);
        return answer;
      },
      outcome: (zone, key, ctx) => inner.outcome(zone, key, ctx),
    })),
    close: async () => {
      verifier.close();
      await central.close();
    },
  };
}

/**
 * Asks the name servers for a write, or lets them be asked later.
 * @param before records that were at the names before the write
 * @throws {CentralError} `central.not-live`
 */
async function verify(
  verifier: Verifier,
  zone: DnsName,
  altered: Altered,
  before: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<void> {
  if (ctx.vetoable !== true || !verifier.strict) {
    verifier.written(zone, altered, ctx.operation, before);
    return;
  }
  const behind = await verifier.live(zone, altered, ctx, before);
  if (behind.length === 0) return;
  const params = {
    servers: behind.map(({ server }) => server).join(', '),
    text: behind.map(reportText).join(', '),
  };
  throw new CentralError('central.not-live', { state: 'partial', retry: 'later', params });
}
