import { CentralError, type CentralErrorFacts } from '../../core/central.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { rcodeName, rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import { DnsError } from '../../net/dns/dns-error.ts';

export type Purpose = 'read' | 'write';

/**
 * An exchange that failed, as the engine knows failures. A read leaves nothing behind.
 * @param wall milliseconds since 1970, as the request was signed with
 */
export function exchangeFailure(error: unknown, purpose: Purpose, wall: number): unknown {
  if (error instanceof DnsDataError) {
    const text = error.problems.map(({ code }) => code).join(', ');
    return new CentralError('central.invalid-value', {
      state: 'untouched',
      retry: 'never',
      params: { text },
    });
  }
  if (!(error instanceof DnsError)) return error;
  const state = purpose === 'write' && error.sent === 'maybe' ? 'unknown' : 'untouched';
  const { text = '', code = '', serverTime } = error.params;
  const facts = { state, retry: 'later', params: { text }, cause: error } as const;
  if (error.kind !== 'tsig') {
    const kinds = {
      unreachable: 'central.unreachable',
      certificate: 'central.certificate',
      garbled: 'central.garbled',
      refused: 'central.access-denied',
    } as const;
    return new CentralError(kinds[error.kind], facts);
  }
  // Its key or signature not taken, or too old for it: a server does nothing then (RFC 8945 section 5.2).
  const rejected = { ...facts, state: 'untouched' } as const;
  if (code === 'tsig.bad-key' || code === 'tsig.bad-signature')
    return new CentralError('central.login', { ...rejected, retry: 'never', params: { text, code } });
  if (code === 'tsig.bad-time') {
    const seconds = String(Math.abs(Math.round(wall / 1_000) - Number(serverTime ?? 0)));
    return new CentralError('central.clock', { ...rejected, params: { text, seconds } });
  }
  return new CentralError('central.garbled', facts);
}

const refusals: Readonly<Record<number, CentralError['code']>> = {
  [rcodes.REFUSED]: 'central.access-denied',
  [rcodes.NOTAUTH]: 'central.missing',
  [rcodes.NOTZONE]: 'central.invalid-value',
  [rcodes.FORMERR]: 'central.invalid-value',
  [rcodes.NOTIMP]: 'central.wrong-kind',
};

/**
 * An update that the server answered with an error: all of it was left undone (RFC 2136 section 3.4.2.7).
 * What a failing server (SERVFAIL) did is not known.
 */
export function updateRefusal(rcode: number, zone: DnsName): CentralError {
  const code = refusals[rcode];
  const params = { text: rcodeName(rcode), kind: 'rfc2136', name: displayName(zone) };
  const facts: CentralErrorFacts =
    code === undefined
      ? { state: 'unknown', retry: 'later', params }
      : { state: 'untouched', retry: 'never', params };
  return new CentralError(
    code ?? (rcode === rcodes.SERVFAIL ? 'central.zone-failing' : 'central.garbled'),
    facts,
  );
}

/**
 * The rcode of an answer that says no and is not signed: Knot does not check signatures where it has no
 * such zone. Nothing proves that the server said it, so it counts for no more than a doubt about the zone.
 */
export function unsignedRefusal(error: unknown): number | null {
  const { code, rcode } = error instanceof DnsError ? error.params : {};
  if (code !== 'tsig.missing') return null;
  return rcode === 'REFUSED' ? rcodes.REFUSED : rcode === 'NOTAUTH' ? rcodes.NOTAUTH : null;
}

/**
 * An answer to a query counts as knowledge only if the server could answer. It answers with data, with a
 * denial, or not for the zone (REFUSED, NOTAUTH), which an update has to confirm. A zone that it has and
 * cannot serve just now (SERVFAIL), or an answer cut off, is no knowledge at all.
 * @param name that was asked about
 * @throws {CentralError}
 */
export function demandKnowledge({ rcode, flags }: DnsMessage, name: DnsName): void {
  const facts = { state: 'untouched', retry: 'later' } as const;
  const text = rcodeName(rcode);
  if (rcode === rcodes.SERVFAIL)
    throw new CentralError('central.zone-failing', { ...facts, params: { text, name: displayName(name) } });
  if (!knowing.has(rcode)) throw new CentralError('central.garbled', { ...facts, params: { text } });
  if (flags.tc) throw new CentralError('central.list-cut', { ...facts, params: { text: 'TC' } });
}

const knowing: ReadonlySet<number> = new Set([
  rcodes.NOERROR,
  rcodes.NXDOMAIN,
  rcodes.REFUSED,
  rcodes.NOTAUTH,
]);

/** A key that is not taken for a zone: BIND knows keys for the whole server, Knot zone by zone. */
export function deniedForZone(error: unknown): unknown {
  if (!(error instanceof CentralError) || error.code !== 'central.login') return error;
  if (error.params['code'] !== 'tsig.bad-key') return error;
  const params = { text: 'NOTAUTH, BADKEY', code: 'tsig.bad-key' };
  return new CentralError('central.access-denied', {
    state: error.state,
    retry: 'never',
    params,
    cause: error,
  });
}

/** What is asked of the name server cannot be decided, because it does not show what it has there. */
export function hiddenRefusal(what: string, cut: DnsName): CentralError {
  const params = { record: what, cut: displayName(cut) };
  return new CentralError('central.hidden', { state: 'untouched', retry: 'never', params });
}

/** The server has the zone and does not answer our queries about it. Its rules for them may change. */
export function queryRefused(zone: DnsName): CentralError {
  const params = { name: displayName(zone) };
  return new CentralError('central.query-refused', { state: 'untouched', retry: 'later', params });
}

/** What a prerequisite that does not hold is answered with (RFC 2136 section 3.2). */
export function prerequisiteFailed(rcode: number): boolean {
  return ([rcodes.NXRRSET, rcodes.YXRRSET, rcodes.NXDOMAIN, rcodes.YXDOMAIN] as number[]).includes(rcode);
}
