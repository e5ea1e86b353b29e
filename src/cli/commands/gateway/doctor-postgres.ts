import { note, ok, problemFound, warning, type Finding } from '../../../app/doctor/finding.ts';
import { describeProblem } from '../../../core/describe.ts';
import type { PostgresCondition } from '../../../gateway/storage/postgres-condition.ts';
import { newestTables } from '../../../gateway/storage/postgres-migrations.ts';
import type { PostgresSettings } from '../../../gateway/storage/postgres.ts';
import { StorageError } from '../../../gateway/storage/storage.ts';
import { storageProblem } from './with-storage.ts';

/** Oldest version of PostgreSQL with which the gateway was tried. */
const oldestMajor = 13;
/** How far the clocks of two machines may differ without a finding, milliseconds. */
const mostAhead = 2_000;
/** Maximum number of connections of one gateway. */
const ofOneGateway = 10;

const check = 'database';

/** Asks PostgreSQL about itself, and judges the answer. Changes nothing. */
export async function checkPostgres(server: PostgresSettings): Promise<readonly Finding[]> {
  try {
    // The client for PostgreSQL is loaded only if it is used.
    const { readPostgresCondition } = await import('../../../gateway/storage/postgres-condition.ts');
    return postgresFindings(await readPostgresCondition(server, Date.now));
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const text = describeProblem(storageProblem(error), 'en');
    return [problemFound(check, text, 'start PostgreSQL, or correct the section [storage]')];
  }
}

/** Judges what a PostgreSQL server says about itself. */
export function postgresFindings(condition: PostgresCondition): readonly Finding[] {
  return [
    ...serverFindings(condition),
    tablesFinding(condition),
    clockFinding(condition),
    roomFinding(condition),
  ];
}

function serverFindings({ release, major, encoding, isStandby }: PostgresCondition): readonly Finding[] {
  const text = `PostgreSQL ${release}`;
  const found: Finding[] = [];
  if (major < oldestMajor)
    found.push(warning(check, `${text} was not tried`, `install PostgreSQL ${oldestMajor} or later`));
  if (encoding !== 'UTF8')
    found.push(problemFound(check, `its encoding is ${encoding}`, 'make it anew with ENCODING UTF8'));
  if (isStandby) {
    const only = `${text} only copies another server, so nothing can be written`;
    found.push(problemFound(check, only, 'name the primary in "host", or promote this server'));
  }
  return found.length > 0 ? found : [ok(check, text)];
}

function tablesFinding({ tables }: PostgresCondition): Finding {
  if (tables === null) return note(check, 'it has no tables yet: the gateway makes them when it starts');
  const { version, oldest } = tables;
  if (oldest > newestTables)
    return problemFound(check, 'a later release has changed the tables', 'install that release again');
  const text = `tables of version ${version} of ${newestTables}`;
  if (version > newestTables) return note(check, `${text}: other gateways have a later release`);
  if (version < newestTables) return note(check, `${text}: the gateway or a command brings them up to date`);
  return ok(check, text);
}

function clockFinding({ ahead, exactness }: PostgresCondition): Finding {
  const seconds = (Math.abs(ahead) / 1_000).toFixed(1);
  const text = `the clock of PostgreSQL is ${seconds} s ${ahead < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (Math.abs(ahead) - exactness <= mostAhead) return ok('clock', text);
  return warning('clock', text, 'set both clocks (systemctl status systemd-timesyncd)');
}

function roomFinding({ octets, connections: { used, most } }: PostgresCondition): Finding {
  const text = `${Math.ceil(octets / 1_048_576)} MiB in the database; ${used} of ${most} connections are used`;
  if (most - used >= ofOneGateway) return ok('room', text);
  const wayOut = `raise "max_connections": one gateway takes up to ${ofOneGateway}`;
  return warning('room', text, wayOut);
}
