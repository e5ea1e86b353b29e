import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { GatewayWorld } from '../gateway-world.ts';
import type { Send } from '../name-server.ts';
import { keyIn, type SimRequest } from '../requests.ts';
import type { SeenCommit, SeenOwner } from '../witness.ts';

/** Id of a law of the gateway. It never changes, because planted bugs refer to it. */
export type GatewayLaw =
  /** A key is carried out at most once. */
  | 'keys.once'
  /** What was answered `done`, `created` or `deleted` was so, before the answer. */
  | 'answers.done'
  /** Of what was answered `untouched` nothing is written, ever. */
  | 'answers.untouched'
  /** An answer shows all that the token may read. */
  | 'answers.shown'
  /** The outcome of a key is the same whenever it is asked for. */
  | 'answers.same'
  /** A gateway that runs answers every request. */
  | 'answers.missing'
  /** Once a withdrawal is answered, nothing of the key is sent. */
  | 'answers.withdrawn'
  /** Only a token of the zone's owner, which may write, changes a zone. */
  | 'rights.owner'
  | 'rights.token'
  | 'rights.rules'
  /** No answer shows what the token may not read. */
  | 'rights.shown'
  /** A zone, and the zones below it, belong to one customer. */
  | 'owners.one'
  /** A name that was deleted is reserved for its last owner. */
  | 'owners.reserved'
  /** Nobody gets a zone that the provider has made. */
  | 'owners.provider'
  /** A customer who was answered `created` has the zone. */
  | 'owners.created'
  /** In the end no claim is without an outcome, nor after a refused create. */
  | 'owners.pending'
  /** A claim is not dropped if its create has made the zone. */
  | 'owners.dropped'
  /** The chain of hashes is whole; a change is accepted once and ended once. */
  | 'audit.chain'
  | 'audit.accepted'
  | 'audit.ended'
  /** A stored outcome never changes. */
  | 'audit.outcome'
  /** Two writes of a zone are never on the way at once. */
  | 'turns.overlap'
  /** A write beside another gateway's ends as `interrupted`, and nobody hears `done`. */
  | 'turns.listed'
  /** Nothing is sent after the time limit of its request. */
  | 'turns.late'
  /** A change is accepted only by the gateway that has the zone's lease, and nobody else ends that. */
  | 'turns.lease'
  /** Nothing is removed or added that nobody has asked for, and nothing that was asked for is left out. */
  | 'others.kept'
  | 'others.asked'
  /** A change with an expectation or a tag is sent only if the last read agrees. */
  | 'expected.true'
  /** What somebody else has written is told; once; and what a gateway has written is not. */
  | 'drift.found'
  | 'drift.once'
  | 'drift.own'
  /** The gateway met no error that it does not declare. */
  | 'gateway.defect';

export interface GatewayViolation {
  readonly law: GatewayLaw;
  /** How the law was broken, in one sentence. */
  readonly text: string;
}

export type Report = (law: GatewayLaw, text: string) => void;

/** What happened in a world, with the questions that laws ask about it. */
export class Course {
  readonly world: GatewayWorld;

  constructor(world: GatewayWorld) {
    this.world = world;
  }

  get sends(): readonly Send[] {
    return this.world.server.sends;
  }

  /** Requests of clients. */
  get requests(): readonly SimRequest[] {
    return this.world.requests.filter(({ token }) => token !== '');
  }

  /** The states of the database at some time between these two; at least the one at the beginning. */
  between(from: number, to: number): readonly SeenCommit[] {
    const { commits } = this.world.witness;
    const first = commits.findLastIndex(({ at }) => at < from);
    return commits.filter(({ at }, number) => number >= first && at <= to);
  }

  /** Whether the customer has the zone at some time between these two. */
  isOwner(customer: string, zone: DnsName, from: number, to: number): boolean {
    return this.between(from, to).some(({ owners }) => isHad(owners.get(zone), customer));
  }

  customerOf({ token }: SimRequest): string {
    return token.slice(0, 1);
  }

  /** When a request has read at the name server last, before this time; null: it has not. */
  lastRead(request: SimRequest, before: number): number | null {
    return request.reads.findLast(({ at }) => at <= before)?.at ?? null;
  }
}

export function isHad(owner: SeenOwner | undefined, customer: string): boolean {
  return owner?.customer === customer && !owner.isPending && !owner.isLeft;
}

/** Identifies a change by its token and key; a change without a key by its request. */
export function changeId(request: SimRequest): string {
  const key = keyIn(request.asked);
  return key === null ? `#${request.number}` : `${request.tokenId} ${key}`;
}

export function idsOf(records: readonly ResourceRecord[]): ReadonlySet<string> {
  return new Set(records.map(recordId));
}

/** Whether every record of the first list is in the second. */
export function areIn(some: readonly ResourceRecord[], all: readonly ResourceRecord[]): boolean {
  const ids = idsOf(all);
  return some.every((record) => ids.has(recordId(record)));
}

/** A send in words. */
export function sendText({ number, kind, zone, request }: Send): string {
  return `write ${number} (${kind} ${zone}, request #${request.number} of ${request.token})`;
}
