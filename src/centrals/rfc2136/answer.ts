import { CentralError } from '../../core/central.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { classes, rcodeName, rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import { DnsError } from '../../net/dns/dns-error.ts';
import { hasCode, outage, centralRefusal, restated } from '../errors.ts';

export type Purpose = 'read' | 'write';

/**
 * Turns the failure of an exchange into a {@link CentralError}; returns other errors as they are. After a
 * failed read the state is `untouched`.
 * @param wall time at which the request was signed, milliseconds since 1970
 */
export function exchangeFailure(error: unknown, purpose: Purpose, wall: number): unknown {
  if (error instanceof DnsDataError) {
    const text = error.problems.map(({ code }) => code).join(', ');
    return centralRefusal('central.invalid-value', { text });
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
  // The server rejects our key, signature or time, and then does nothing (RFC 8945 section 5.2).
  if (code === 'tsig.bad-key' || code === 'tsig.bad-signature')
    return centralRefusal('central.login', { text, code }, error);
  if (code === 'tsig.bad-time') {
    const seconds = String(Math.abs(Math.round(wall / 1_000) - Number(serverTime ?? 0)));
    return outage('central.clock', { text, seconds }, error);
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
 * Makes the error for an update that the server refused with `rcode`. For the rcodes that the RFC defines,
 * the server has undone the whole update (RFC 2136 section 3.4.2.7), and the state is `untouched`. After
 * SERVFAIL and other rcodes the state is `unknown`.
 */
export function updateRefusal(rcode: number, zone: DnsName): CentralError {
  const code = refusals[rcode];
  const params = { text: rcodeName(rcode), kind: 'rfc2136', name: displayName(zone) };
  if (code !== undefined) return centralRefusal(code, params);
  const failed = rcode === rcodes.SERVFAIL ? 'central.zone-failing' : 'central.garbled';
  return restated(outage(failed, params), 'unknown');
}

/**
 * The rcode of an unsigned refusal (REFUSED, NOTAUTH); null: another error. If Knot does not have the zone,
 * it does not check our signature, and its answer is unsigned. Anybody could have sent such an answer, so it
 * proves nothing about the zone.
 */
export function unsignedRefusal(error: unknown): number | null {
  const { code, rcode } = error instanceof DnsError ? error.params : {};
  if (code !== 'tsig.missing') return null;
  return rcode === 'REFUSED' ? rcodes.REFUSED : rcode === 'NOTAUTH' ? rcodes.NOTAUTH : null;
}

/**
 * Throws if the answer to a query proves nothing, for example SERVFAIL or a truncated answer. An answer with
 * data proves something, and so does an empty answer or NXDOMAIN. REFUSED and NOTAUTH do not throw, but the
 * caller has to confirm them by an update.
 * @param name the name in the query
 * @throws {CentralError}
 */
export function demandKnowledge({ rcode, flags }: DnsMessage, name: DnsName): void {
  const text = rcodeName(rcode);
  if (rcode === rcodes.SERVFAIL) throw outage('central.zone-failing', { text, name: displayName(name) });
  if (!knowing.has(rcode)) throw outage('central.garbled', { text });
  if (flags.tc) throw outage('central.list-cut', { text: 'TC' });
}

const knowing: ReadonlySet<number> = new Set([
  rcodes.NOERROR,
  rcodes.NXDOMAIN,
  rcodes.REFUSED,
  rcodes.NOTAUTH,
]);

/**
 * Turns the refusal of our key into `central.access-denied` for one zone. BIND accepts a key for the whole
 * server, Knot for each zone separately.
 */
export function deniedForZone(error: unknown): unknown {
  if (!hasCode(error, 'central.login') || error.params['code'] !== 'tsig.bad-key') return error;
  return centralRefusal('central.access-denied', { text: 'NOTAUTH, BADKEY', code: 'tsig.bad-key' }, error);
}

/**
 * Makes the error for a case that cannot be decided, because queries do not show all records of the server.
 * @param cut owner of the delegation, DNAME or zone that hides the records
 */
export function hiddenRefusal(what: string, cut: DnsName): CentralError {
  return centralRefusal('central.hidden', { record: what, cut: displayName(cut) });
}

/**
 * Makes the error for a zone that the server has, although it refuses our queries for it. A later try may
 * succeed, because the server's rules may change.
 */
export function queryRefused(zone: DnsName): CentralError {
  return outage('central.query-refused', { name: displayName(zone) });
}

/** Whether the rcode means that a prerequisite of the update is not met (RFC 2136 section 3.2). */
export function prerequisiteFailed(rcode: number): boolean {
  return ([rcodes.NXRRSET, rcodes.YXRRSET, rcodes.NXDOMAIN, rcodes.YXDOMAIN] as number[]).includes(rcode);
}

/**
 * The serial in an answer to a query for a zone's SOA; null: the answer does not show the zone.
 * @throws {CentralError} `central.garbled` if the zone's SOA cannot be read: the server has the zone
 */
export function apexSerial({ rcode, flags, answers }: DnsMessage, zone: DnsName): number | null {
  const soa = answers.find((one) => one.type === 'SOA' && one.class === classes.IN && one.name === zone);
  if (soa === undefined || rcode !== rcodes.NOERROR || !flags.aa) return null;
  // Data that do not fit the type are in the form for unknown types (RFC 3597 section 5).
  const serial = /^(?!\\# )\S+ \S+ (\d+) /u.exec(soa.rdata ?? '')?.[1];
  if (serial === undefined) throw outage('central.garbled', { text: 'SOA' });
  return Number(serial);
}
