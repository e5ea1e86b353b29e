import { describeProblem } from '../../core/describe.ts';
import { plainParams } from '../../core/plain-text.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { OperatorRefusal, type OperatorMistake } from '../operator/work.ts';
import { StorageError } from '../storage/storage.ts';
import { LimitExceeded } from './limits.ts';

/** Maximum number of mistakes that one answer lists. */
const mostProblems = 100;

/**
 * Turns an error that a request has thrown into a refusal.
 * @returns null: the error was not foreseen. It is a defect of the gateway
 */
export function apiRefusalOf(error: unknown): ApiRefusal | null {
  if (error instanceof ApiRefusal) return error;
  if (error instanceof OperatorRefusal)
    return new ApiRefusal(statuses[error.mistake], error.problem.code, { params: error.problem.params });
  if (error instanceof DnsDataError)
    return new ApiRefusal(422, 'central.invalid-value', { problems: error.problems, cause: error });
  if (error instanceof StorageError) {
    // A failure of the storage after a write does not arrive here, because `afterWrite` reports it.
    const facts = { params: { text: error.code }, state: 'untouched', retry: 'later', cause: error } as const;
    return new ApiRefusal(503, 'central.unreachable', facts);
  }
  return null;
}

const statuses: Readonly<Record<OperatorMistake, number>> = {
  'no-customer': 404,
  'customer-exists': 409,
  'bad-customer': 422,
  'no-backend': 422,
  'no-token': 404,
  'no-owner': 404,
  foreign: 409,
  limit: 422,
  'bad-network': 422,
  'not-below': 422,
  'no-grant': 404,
  'heads-unreadable': 503,
};

/**
 * The body of an answer that refuses a request: problem details (RFC 9457), and what a client has to know of
 * its request.
 * @param id identifies the request in the log
 */
export function problemDetails(refusal: ApiRefusal, id: string): Readonly<Record<string, unknown>> {
  const { status, code, params, state, retry, problems, found } = refusal;
  const [first = { code, params }] = problems;
  return {
    type: `urn:domainsync:problem:${code}`,
    title: describeProblem(first, 'en'),
    status,
    instance: `urn:domainsync:request:${id}`,
    code,
    params: plainParams(problems.length === 0 ? params : { text: describeProblem(first, 'en') }),
    state,
    retry,
    problems: problems.slice(0, mostProblems),
    // The member of draft-ietf-httpapi-ratelimit-headers.
    ...(refusal instanceof LimitExceeded ? { 'violated-policies': [refusal.policy] } : {}),
    ...(found === null ? {} : { found }),
  };
}
