import type { DnsName } from '../../dns/name.ts';
import type { AuditFacts } from '../../gateway/storage/storage.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { NameServer } from './name-server.ts';
import type { SimRequest } from './requests.ts';
import type { SharedDatabase } from './sim-database.ts';

/** Who has a zone, as the database says. */
export interface SeenOwner {
  readonly customer: string;
  readonly isPending: boolean;
  readonly isLeft: boolean;
  /** Whether its name is reserved for the customer, who has deleted the zone. */
  readonly isReserved: boolean;
}

/** A row of the leases. The fence grows with each holder. */
export interface SeenLease {
  readonly zone: string;
  readonly fence: number;
  /** When it ends, by the database's clock, milliseconds. 0: it was ended. */
  readonly until: number;
}

/** A transaction that has changed something, and what the database held after it. */
export interface SeenCommit {
  /** The world's monotonic clock, milliseconds. */
  readonly at: number;
  /** The request because of which it happened; null: an order of the operator. */
  readonly request: SimRequest | null;
  readonly leases: readonly SeenLease[];
  readonly owners: ReadonlyMap<DnsName, SeenOwner>;
  /** Ids of tokens that are revoked. */
  readonly revoked: ReadonlySet<string>;
  readonly states: ReadonlyMap<string, string>;
  /** The entries of the audit that it has added. */
  readonly entries: readonly AuditFacts[];
  /** Outcomes of changes as text, by token and key; null: none yet. */
  readonly outcomes: ReadonlyMap<string, string | null>;
}

/** Reads the database after each commit, and keeps what it held. */
export class CommitWitness {
  readonly commits: SeenCommit[] = [];
  #lastEntry = 0;

  constructor(database: SharedDatabase, clock: VirtualClock, server: NameServer) {
    database.onCommit = () => {
      const rows = database.rows(
        'SELECT number, body FROM audit WHERE number > ? ORDER BY number',
        this.#lastEntry,
      );
      this.#lastEntry = Number(rows.at(-1)?.['number'] ?? this.#lastEntry);
      this.commits.push({
        at: clock.now(),
        request: server.asking.getStore() ?? null,
        leases: database.rows('SELECT zone, fence, until FROM lease').map((row) => ({
          zone: String(row['zone']),
          fence: Number(row['fence']),
          until: Number(row['until']),
        })),
        owners: ownersIn(database),
        revoked: new Set(
          database.rows('SELECT id FROM token WHERE revoked_at IS NOT NULL').map(({ id }) => String(id)),
        ),
        states: new Map(
          database.rows('SELECT id, state FROM customer').map(({ id, state }) => [String(id), String(state)]),
        ),
        entries: rows.map(({ body }) => JSON.parse(String(body)) as AuditFacts),
        outcomes: outcomesIn(database),
      });
    };
  }
}

function ownersIn(database: SharedDatabase): ReadonlyMap<DnsName, SeenOwner> {
  const rows = database.rows('SELECT name, customer, pending, left_at FROM zone');
  return new Map(
    rows.map(({ name, customer, pending, left_at: left }) => [
      name as DnsName,
      {
        customer: String(customer),
        isPending: pending === 1,
        isLeft: left !== null && pending !== 1,
        isReserved: Number(left ?? 0) > 0 && pending !== 1,
      },
    ]),
  );
}

function outcomesIn(database: SharedDatabase): ReadonlyMap<string, string | null> {
  const rows = database.rows('SELECT token, key, outcome FROM change');
  return new Map(
    rows.map(({ token, key, outcome }) => [
      `${String(token)} ${String(key)}`,
      typeof outcome === 'string' ? outcome : null,
    ]),
  );
}
