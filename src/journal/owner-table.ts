import type { Batch } from '../core/journal.ts';
import type { DnsName } from '../dns/name.ts';
import { damaged, isWhole } from './damage.ts';
import type { Database, Row } from './database.ts';
import { readOwner } from './stored.ts';
import { sumOf } from './sums.ts';
import type { Tallies } from './tallies.ts';

/** Name of a count: how many zones have a row in this table. */
export const ownersTally = 'owners';

/** Stores for each zone the accounts that may change it, with a checksum. */
export class OwnerTable {
  readonly #database: Database;
  readonly #tallies: Tallies;
  readonly #checked: boolean;

  constructor(database: Database, tallies: Tallies, checked: boolean) {
    this.#database = database;
    this.#tallies = tallies;
    this.#checked = checked;
  }

  /**
   * Reads the accounts of each zone; null: the accounts are not known.
   * @throws {JournalError} when a row is damaged or missing
   */
  all(): ReadonlyMap<DnsName, readonly string[] | null> {
    const rows = this.#database.all('SELECT * FROM owner');
    const owners = new Map(rows.map((row) => readOwner(this.#whole(row))));
    if (this.#checked && owners.size !== this.#tallies.get(ownersTally))
      throw damaged(this.#database.path, 'the list of owners');
    return owners;
  }

  put(owners: NonNullable<Batch['owners']>): void {
    for (const [zone, accounts] of owners) {
      const before = this.#database.get('SELECT zone FROM owner WHERE zone = ?', zone);
      if (before !== undefined) this.#tallies.add(ownersTally, -1);
      if (accounts === 'gone') this.#database.run('DELETE FROM owner WHERE zone = ?', zone);
      else this.#write(zone, accounts === null ? null : JSON.stringify(accounts));
    }
  }

  #write(zone: DnsName, accounts: string | null): void {
    const sum = sumOf('owner', [zone, accounts]);
    this.#database.run(
      'INSERT OR REPLACE INTO owner (zone, accounts, sum) VALUES (?, ?, ?)',
      zone,
      accounts,
      sum,
    );
    this.#tallies.add(ownersTally, 1);
  }

  #whole(row: Row): Row {
    if (this.#checked && !isWhole('owner', ['zone', 'accounts'], row))
      throw damaged(this.#database.path, `owners of ${String(row['zone'])}`);
    return row;
  }
}
