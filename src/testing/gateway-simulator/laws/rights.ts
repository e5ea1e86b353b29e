import { isWithin, type DnsName } from '../../../dns/name.ts';
import type { RRsetKey } from '../../../dns/zone.ts';
import type { Send } from '../name-server.ts';
import { zoneIn, type SimRequest } from '../requests.ts';
import type { SeenCommit, SeenOwner } from '../witness.ts';
import { isHad, sendText, type Course, type Report } from './course.ts';

/** Only tokens with the right change a zone, and nothing is shown to others. */
export function checkRights(course: Course, report: Report): void {
  for (const send of course.sends) {
    if (send.sentAt === null) continue;
    checkSender(send, course, report);
    const records = [...send.remove, ...send.add];
    const isAllowed =
      send.kind === 'change'
        ? records.every((one) => mayTouch(send.request.token, send.zone, one))
        : isPanel(send.request.token);
    if (!isAllowed) report('rights.rules', `${sendText(send)} is not allowed`);
  }
  for (const request of course.requests) checkShown(request, course, report);
}

function isPanel(token: string): boolean {
  return !token.endsWith('-dyn') && !token.endsWith('-read');
}

function mayTouch(token: string, zone: DnsName, { name, type }: RRsetKey): boolean {
  if (isPanel(token)) return type !== 'SOA' && !(type === 'NS' && name === zone);
  return token.endsWith('-dyn') && name === `dyn.${zone}` && (type === 'A' || type === 'AAAA');
}

/** Whether a token may read an RRset. */
export function maySee(
  token: string,
  zone: DnsName,
  { name, type }: Readonly<{ name: string; type: string }>,
): boolean {
  if (isPanel(token) || ((type === 'NS' || type === 'SOA') && name === zone)) return true;
  return name === (token.endsWith('-dyn') ? `dyn.${zone}` : `www.${zone}`);
}

/**
 * A write that was accepted is carried out, even if zone or token are lost in that moment. So the sender must
 * have had both at some time after the name server was asked last before the acceptance.
 */
function checkSender(send: Send, course: Course, report: Report): void {
  const { request, zone, kind, calledAt } = send;
  const customer = course.customerOf(request);
  const from = kind === 'create' ? turnOf(send, course) : (course.lastRead(request, calledAt) ?? request.at);
  const seen = course.between(from, calledAt);
  const has = kind === 'create' ? isClaimed : isHad;
  if (!seen.some(({ owners }) => has(owners.get(zone), customer)))
    report('rights.owner', `${sendText(send)}: the customer does not have the zone`);
  const id = request.tokenId;
  const isAccepted = ({ revoked, states }: SeenCommit): boolean =>
    !revoked.has(id) && states.get(customer) === 'active';
  if (!seen.some(isAccepted)) report('rights.token', `${sendText(send)}: the token may not write`);
}

/**
 * A time at which the turn of a create had not begun. In a process, a write waits for those before it in its
 * zone and of its customer. The token of a create is looked at once its turn has come.
 */
function turnOf({ request, zone, process, calledAt }: Send, course: Course): number {
  const customer = course.customerOf(request);
  const before = course.sends.filter(
    (one) =>
      one.process === process &&
      one.calledAt < calledAt &&
      one.request !== request &&
      (one.zone === zone || (one.request.token !== '' && course.customerOf(one.request) === customer)),
  );
  const ends = before.flatMap(({ endedAt }) => (endedAt !== null && endedAt <= calledAt ? [endedAt] : []));
  return Math.max(request.at, ...ends);
}

function isClaimed(owner: SeenOwner | undefined, customer: string): boolean {
  return owner?.customer === customer && !owner.isLeft;
}

function checkShown(
  { answer, asked, token, at, answeredAt, number, ...rest }: SimRequest,
  course: Course,
  report: Report,
): void {
  if (answer === null || answeredAt === null) return;
  const zone = zoneIn(asked);
  const customer = token.slice(0, 1);
  if (answer.kind === 'records' && zone !== null) {
    if (!answer.records.every((record) => maySee(token, zone, record)))
      report('rights.shown', `#${number} shows records that ${token} may not read`);
    const from = rest.reads.at(-1)?.at ?? at;
    if (!course.isOwner(customer, zone, from, answeredAt))
      report('rights.shown', `#${number} shows ${zone}, which is not the customer's`);
  }
  if (answer.kind === 'zones' && !answer.zones.every((one) => course.isOwner(customer, one, at, answeredAt)))
    report('rights.shown', `#${number} lists zones of somebody else`);
  if (
    answer.kind === 'refused' &&
    zone !== null &&
    !answer.found.every((record) => maySee(token, zone, record))
  )
    report('rights.shown', `#${number} shows records in its refusal`);
}

/** Every zone has one owner, and so have the zones below it. */
export function checkOwners(course: Course, report: Report): void {
  const { commits } = course.world.witness;
  const reserved = new Map<DnsName, string>();
  for (const [number, commit] of commits.entries()) {
    checkBelow(commit.owners, report);
    for (const [zone, owner] of commit.owners) {
      checkReserved(zone, owner, commit, reserved, report);
      const { request } = commit;
      if (request?.asked.kind !== 'create' || !isHad(owner, owner.customer)) continue;
      if (!isHad(commits[number - 1]?.owners.get(zone), owner.customer))
        checkMade(zone, owner.customer, request, course, report);
    }
  }
  const pending = [...(commits.at(-1)?.owners ?? [])].filter(([, { isPending }]) => isPending);
  for (const [zone] of pending) report('owners.pending', `the claim of ${zone} was never ended`);
}

/** @param reserved the customers for whom names are reserved so far */
function checkReserved(
  zone: DnsName,
  { customer, isReserved, isLeft, isPending }: SeenOwner,
  { request }: SeenCommit,
  reserved: Map<DnsName, string>,
  report: Report,
): void {
  const keeper = reserved.get(zone) ?? customer;
  const isByClient = request !== null && request.asked.kind !== 'take';
  if (customer !== keeper && isByClient)
    report(
      'owners.reserved',
      `${zone} is reserved for ${keeper}, and ${customer} gets it by #${request.number}`,
    );
  if (isReserved) reserved.set(zone, customer);
  else if (isLeft || !isPending) reserved.delete(zone);
}

/** A claim ends as its create did. */
export function checkClaims(course: Course, report: Report): void {
  const { commits } = course.world.witness;
  for (const request of course.requests) checkRefusedCreate(request, course, report);
  for (const [number, { owners, at, request }] of commits.entries())
    for (const [zone, before] of commits[number - 1]?.owners ?? []) {
      const isDropped = owners.get(zone)?.isLeft ?? true;
      if (request !== null && before.isPending && isDropped)
        checkDropped({ zone, customer: before.customer, at, by: request }, course, report);
    }
}

/** If the storage fails, the claim stays until it is settled. After any other refusal it is gone. */
function checkRefusedCreate(request: SimRequest, course: Course, report: Report): void {
  const { number, asked, answer, answeredAt, at } = request;
  if (asked.kind !== 'create' || answer?.kind !== 'refused' || answeredAt === null) return;
  if (answer.state !== 'untouched' || answer.code === 'central.unreachable') return;
  const commits = course.between(at, answeredAt);
  const after = commits.at(-1)?.owners.get(asked.zone);
  const isOurs = after?.isPending === true && after.customer === course.customerOf(request);
  // Another create of the same name may have claimed it meanwhile, and may have no known outcome.
  const last = commits.findLastIndex(({ owners }) => owners.get(asked.zone)?.isPending !== true);
  if (isOurs && last >= 0 && commits[last + 1]?.request === request)
    report('owners.pending', `#${number} is refused, and ${asked.zone} stays claimed`);
}

/** A claim that has gone, with the request that has dropped it. */
interface DroppedClaim {
  readonly zone: DnsName;
  readonly customer: string;
  readonly at: number;
  readonly by: SimRequest;
}

function checkDropped({ zone, customer, at, by }: DroppedClaim, course: Course, report: Report): void {
  const own = course.sends.find((one) => one.request === by && one.kind === 'create' && isDoubtful(one));
  if (own !== undefined)
    report('owners.dropped', `${sendText(own)} may have made it, and its claim is dropped`);
  const made = course.world.server.happenings.findLast(
    (one) => one.zone === zone && one.at <= at && one.whole !== null,
  );
  if (made?.whole !== 'made' || made.send === null) return;
  const { endedAt, process, request } = made.send;
  // A create that lands after its sender has given it up may land after the look that settles its claim.
  const isByOther = by !== request;
  const isLate =
    isByOther && ((endedAt !== null && endedAt < made.at && !process.wasDead(made.at)) || made.at > at - 200);
  if (!isLate && course.customerOf(request) === customer)
    report('owners.dropped', `the claim of ${zone} is dropped, and its create has made the zone`);
}

/** Whether the sender of a create cannot know that it has made nothing. */
function isDoubtful({ sentAt, landedAt, altered }: Send): boolean {
  return sentAt !== null && (landedAt === null || altered !== null);
}

function checkBelow(owners: ReadonlyMap<DnsName, SeenOwner>, report: Report): void {
  const held = [...owners].filter(([, { isLeft }]) => !isLeft);
  for (const [zone, { customer }] of held)
    for (const [other, owner] of held)
      if (zone !== other && isWithin(other, zone) && owner.customer !== customer)
        report('owners.one', `${zone} is ${customer}'s, and ${other} below is ${owner.customer}'s`);
}

/** A zone that a create has given to a customer was made because of him. */
function checkMade(
  zone: DnsName,
  customer: string,
  request: SimRequest,
  course: Course,
  report: Report,
): void {
  const { happenings } = course.world.server;
  const made = happenings.findLast(
    (one) =>
      one.zone === zone && one.whole === 'made' && one.at <= (request.answeredAt ?? Number.MAX_SAFE_INTEGER),
  );
  if (made?.send !== null && made?.send !== undefined && course.customerOf(made.send.request) === customer)
    return;
  // Nobody can tell the zone of a create without a known outcome from the provider's.
  const isOpen = course.sends.some(
    (send) =>
      send.kind === 'create' &&
      send.zone === zone &&
      send.sentAt !== null &&
      course.customerOf(send.request) === customer,
  );
  if (!isOpen)
    report('owners.provider', `${zone} is the provider's, and ${customer} gets it by #${request.number}`);
}

/** A customer who was told that a zone was created has it. */
export function checkCreated(course: Course, report: Report): void {
  for (const { number, asked, answer, answeredAt, at, token } of course.requests) {
    if (asked.kind !== 'create' || answer?.kind !== 'said' || answeredAt === null) continue;
    // The operator may have given the zone to somebody else, or to nobody, in that moment.
    const isOrdered = course
      .between(at, answeredAt)
      .some(
        ({ request, entries, at: then }) =>
          request === null && then >= at && entries.some(({ zone }) => zone === asked.zone),
      );
    if (!isOrdered && !course.isOwner(token.slice(0, 1), asked.zone, at, answeredAt))
      report('owners.created', `#${number}: ${asked.zone} is ${answer.said}, and not the customer's`);
  }
}
