import type { ResourceRecord } from '../../../dns/record.ts';
import { recordId } from '../../../dns/record.ts';
import type { ChangeOutcome } from '../../../gateway/storage/storage.ts';
import type { Send } from '../name-server.ts';
import { keyIn, zoneIn, type SimRequest } from '../requests.ts';
import { areIn, changeId, sendText, type Course, type Report } from './course.ts';

/** What clients are answered is true, and stays true. */
export function checkAnswers(course: Course, report: Report): void {
  checkKeys(course, report);
  checkRefusals(course, report);
  checkOutcomes(course, report);
  checkRepeats(course, report);
  for (const request of course.requests)
    if (request.answer === null && !request.process.isDead)
      report('answers.missing', `request #${request.number} was never answered`);
}

function sentOf(course: Course, id: string): readonly Send[] {
  return course.sends.filter(
    ({ kind, sentAt, request }) => kind === 'change' && sentAt !== null && changeId(request) === id,
  );
}

function checkKeys(course: Course, report: Report): void {
  const sent = course.sends.filter(({ kind, sentAt }) => kind === 'change' && sentAt !== null);
  for (const [id, sends] of Map.groupBy(sent, ({ request }) => changeId(request)))
    if (sends.length > 1) report('keys.once', `${id}: ${sends.map(sendText).join(', ')}`);
}

/** A request with a key that was accepted before is not judged again. */
function checkRepeats(course: Course, report: Report): void {
  for (const { number, asked, answer, at, tokenId } of course.requests) {
    if (answer?.kind !== 'refused' || (answer.status !== 412 && answer.status !== 409)) continue;
    const key = keyIn(asked);
    const before = course.world.witness.commits.findLast((commit) => commit.at < at);
    if (key !== null && before?.outcomes.has(`${tokenId} ${key}`) === true)
      report('answers.same', `#${number} is refused as ${answer.code}, and its key was accepted before`);
  }
}

function hasAltered({ altered }: Send): boolean {
  return altered !== null && altered.removed.length + altered.added.length > 0;
}

function checkRefusals(course: Course, report: Report): void {
  for (const { request, ...send } of course.sends) {
    const { answer } = request;
    if (answer?.kind !== 'refused' || answer.state !== 'untouched') continue;
    if (hasAltered({ request, ...send }))
      report(
        'answers.untouched',
        `#${request.number} is answered untouched after ${sendText({ request, ...send })}`,
      );
  }
}

/** Requests that were answered with the outcome of a change, by the change. */
function checkOutcomes(course: Course, report: Report): void {
  const told = course.requests.filter(({ answer }) => answer?.kind === 'outcome');
  for (const [id, requests] of Map.groupBy(
    told,
    (request) => `${changeId(request)} ${zoneIn(request.asked) ?? ''}`,
  )) {
    const [first] = requests;
    if (first === undefined) continue;
    const sends = sentOf(course, changeId(first));
    const texts = new Set(requests.map(({ answer }) => JSON.stringify(answer)));
    if (texts.size > 1) report('answers.same', `${id}: ${[...texts].join(' and ')}`);
    for (const request of requests) checkOutcome(request, sends, report);
  }
}

function checkOutcome(request: SimRequest, sends: readonly Send[], report: Report): void {
  const { answer, answeredAt, asked, number } = request;
  if (answer?.kind !== 'outcome' || answeredAt === null) return;
  const { outcome } = answer;
  if (outcome === null) report('answers.same', `#${number} is answered without an outcome`);
  if (outcome?.kind === 'done') checkDone(outcome, request, sends, report);
  if (outcome?.kind === 'failed') checkFailed(outcome, request, sends, report);
  if (asked.kind !== 'withdraw') return;
  for (const send of sends) {
    if (send.sentAt === null || send.sentAt <= answeredAt) continue;
    if (send.process.wasHeld(send.calledAt, send.sentAt)) continue;
    report('answers.withdrawn', `#${number} is answered, and ${sendText(send)} was sent later`);
  }
}

function checkFailed(
  { state, params }: Extract<ChangeOutcome, { kind: 'failed' }>,
  { number }: SimRequest,
  sends: readonly Send[],
  report: Report,
): void {
  if (state !== 'untouched') return;
  const landed = sends.find(hasAltered);
  if (landed !== undefined)
    report('answers.untouched', `#${number}: the outcome is untouched, and ${sendText(landed)} landed`);
  if (params['text'] !== 'withdrawn' || sends.length === 0) return;
  const sent = sends.map(sendText).join(', ');
  report('answers.withdrawn', `#${number}: the key is withdrawn, and ${sent} was sent`);
}

function checkDone(
  { removed, added }: Extract<ChangeOutcome, { kind: 'done' }>,
  { number, answeredAt }: SimRequest,
  sends: readonly Send[],
  report: Report,
): void {
  if (removed.length + added.length === 0) return;
  const isDone = sends.some((send) => {
    const { landedAt, altered } = send;
    const isThis = landedAt !== null && landedAt <= (answeredAt ?? 0) && altered !== null;
    return (
      (isThis && sameRecords(altered.removed, removed) && sameRecords(altered.added, added)) ||
      showed(send, removed, added)
    );
  });
  if (!isDone) report('answers.done', `#${number} is answered done, and nothing shows it`);
}

/** Whether the last read of the request that has written shows the change as done. */
function showed(
  { request }: Send,
  removed: readonly ResourceRecord[],
  added: readonly ResourceRecord[],
): boolean {
  const records = request.reads.at(-1)?.records ?? null;
  if (records === null) return false;
  const there = new Set(records.map(recordId));
  const kept = new Set(added.map(recordId));
  return (
    areIn(added, records) &&
    removed.every((record) => !there.has(recordId(record)) || kept.has(recordId(record)))
  );
}

function sameRecords(one: readonly ResourceRecord[], other: readonly ResourceRecord[]): boolean {
  return areIn(one, other) && areIn(other, one);
}
