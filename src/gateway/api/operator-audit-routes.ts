import { noBody, noInput, okAnswer, operatorRoute, type Route } from './route.ts';
import * as shapes from './shapes.ts';

/** Number of entries in a page, if the client does not say it. */
const usualPage = 1_000;

/** The audit, for the operator. */
export const operatorAuditRoutes: readonly Route[] = [
  operatorRoute({
    method: 'GET',
    path: '/v1/operator/audit',
    about:
      'What was done, by whom and from where, oldest first. `cursor` is the number of the last entry seen. A page with large entries has fewer than `limit`.',
    query: shapes.auditQuery,
    body: noBody,
    headers: { Accept: '`application/jsonl`: an entry a line, without `next`' },
    answers: { 200: { about: 'entries', body: shapes.auditPage, line: shapes.auditEntry } },
    refusals: [],
    answer: async ({ operator }, { query: { limit = usualPage, cursor = 0 }, headers }) => {
      const { entries, isEnd } = await operator.audit(cursor, limit);
      if (headers.wantsLines) return { status: 200, lines: entries };
      const last = isEnd ? undefined : entries.at(-1);
      return okAnswer({ entries, next: last === undefined ? null : String(last.number) });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/audit/check',
    about:
      'Checks that no entry was changed or removed, and compares all with the exported heads. Takes seconds for each 100,000 entries; requests at the same time share one check.',
    answers: {
      200: { about: 'what was found; no fault: both lists are empty', body: shapes.auditCheckBody },
    },
    refusals: [],
    answer: async ({ operator }) => okAnswer(await operator.checkAudit()),
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/audit/erase',
    about: 'Erases an address from audit, changes and tokens. The entries themselves stay.',
    body: shapes.erasureBody,
    headers: { 'Idempotency-Key': 'is not needed: a repetition finds nothing more' },
    answers: { 200: { about: 'in how many entries of the audit it was', body: shapes.erasedBody } },
    refusals: [],
    answer: async ({ operator }, { caller: { by }, body: { client, customer = null } }) =>
      okAnswer({ erased: await operator.eraseAddresses(by, client, customer) }),
  }),
];
