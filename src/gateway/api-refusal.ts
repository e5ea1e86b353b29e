import type { CentralError, CentralErrorFacts } from '../core/central.ts';
import type { Problem } from '../dns/problem.ts';
import type { ApiRecord } from '../net/gateway/schemas.ts';

/** A request that the gateway refuses, or cannot carry out. Becomes problem details (RFC 9457). */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  /** HTTP status code. */
  readonly status: number;
  /** A stable code: one of a central's errors (`src/core/central.ts`), or one that begins with `gateway.`. */
  readonly code: string;
  readonly params: Readonly<Record<string, string>>;
  /** What the request changed. */
  readonly state: CentralErrorFacts['state'];
  readonly retry: CentralErrorFacts['retry'];
  /** The mistakes in the request, each with its place; empty: there is only one cause. */
  readonly problems: readonly Problem[];
  /** The records that are there instead of the expected ones; null: the refusal has another reason. */
  readonly found: readonly ApiRecord[] | null;

  constructor(
    status: number,
    code: string,
    facts: Partial<Pick<ApiRefusal, 'params' | 'state' | 'retry' | 'problems' | 'found'>> & {
      cause?: unknown;
    } = {},
  ) {
    super(code, { cause: facts.cause });
    this.status = status;
    this.code = code;
    this.params = facts.params ?? {};
    this.state = facts.state ?? 'untouched';
    this.retry = facts.retry ?? 'never';
    this.problems = facts.problems ?? [];
    this.found = facts.found ?? null;
  }
}

/** Refuses a request whose sender may not do what it asks for. */
export function denied(params: Readonly<Record<string, string>>): ApiRefusal {
  return new ApiRefusal(403, 'central.access-denied', { params });
}

/** The same answer for a zone that is not there, belongs to somebody else, or may not be seen. */
export function noSuchZone(): ApiRefusal {
  return new ApiRefusal(404, 'central.missing', { params: { text: 'zone' } });
}

/**
 * Status codes for errors of the name server. If the name server refuses the gateway's login, the client
 * hears of an outage. It would take a refused login for its own, and stop calling.
 */
const statuses: Readonly<Record<string, number>> = {
  'central.missing': 404,
  'central.exists': 409,
  'central.busy': 503,
  'central.contended': 409,
  'zone.foreign': 409,
  'central.limit': 422,
  'central.refused': 422,
  'central.invalid-value': 422,
  'central.hidden': 422,
  'central.update-refused': 422,
  'central.left-out': 422,
  'central.ttl-limit': 422,
  'central.ds-first': 422,
  'central.no-effect': 422,
  'zone.copy': 422,
  'zone.create-there-first': 422,
  'zone.delete-there': 422,
};

/** Makes the refusal for an error of the name server. */
export function fromBackend(error: CentralError): ApiRefusal {
  const { code, params, state, retry } = error;
  const status = statuses[code];
  // The name of somebody else's zone is not told.
  const shown = code === 'zone.foreign' ? {} : params;
  if (status !== undefined)
    return new ApiRefusal(status, code, { params: shown, state, retry, cause: error });
  const text = `name server: ${code}`;
  return new ApiRefusal(503, 'central.unreachable', {
    params: { text },
    state,
    retry: 'later',
    cause: error,
  });
}
