import { InvalidArgumentError, Option } from 'commander';
import { outcomeKinds, type OutcomeKind } from '../core/outcome.ts';
import type { HistoryFilter } from '../core/history.ts';
import { zoneName } from '../dns/name.ts';

/** Most entries that `domainsync history` can show. */
const mostEntries = 1_000_000;

/** The filters as the user gave them. */
export interface HistoryOptions {
  readonly latest: number;
  readonly zone?: string;
  readonly name?: string;
  readonly user?: string;
  readonly since?: number;
  readonly until?: number;
  readonly outcome?: OutcomeKind;
}

/** The options by which a user of `domainsync history` chooses entries. */
export function historyOptions(): readonly Option[] {
  return [
    new Option('--latest <n>', `how many, at most ${mostEntries}`).argParser(entries).default(20),
    new Option('--zone <zone>', 'only edits of this zone'),
    new Option('--name <name>', 'only edits of records of this name'),
    new Option('--user <account>', 'only edits of this account of the panel'),
    new Option('--since <time>', 'only from then on: 7d, 24h, 2026-11-01, "2026-11-01 12:30"').argParser(
      pastTime,
    ),
    new Option('--until <time>', 'only before then').argParser(pastTime),
    new Option('--outcome <outcome>', 'only those that ended so').choices(outcomeKinds),
  ];
}

/** @throws {DnsDataError} for a zone or name that is not valid */
export function filterOf({ zone, name, user, since, until, outcome }: HistoryOptions): HistoryFilter {
  return {
    ...(zone !== undefined && { zone: zoneName(zone) }),
    ...(name !== undefined && { name: zoneName(name) }),
    ...(user !== undefined && { user }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(outcome !== undefined && { outcome }),
  };
}

function entries(text: string): number {
  const number = /^[1-9]\d{0,15}$/u.test(text) ? Number(text) : 0;
  if (number === 0) throw new InvalidArgumentError('a whole number is wanted.');
  if (number > mostEntries)
    throw new InvalidArgumentError(
      `at most ${mostEntries} can be shown; use --since, --until or another filter.`,
    );
  return number;
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Parses a time, and returns it as wall clock, milliseconds since 1970. A text without a time zone is in the
 * time zone of this host.
 */
function pastTime(text: string): number {
  const ago = /^(\d{1,5})([mhd])$/u.exec(text);
  if (ago !== null) {
    const unit = ago[2] === 'm' || ago[2] === 'h' ? ago[2] : 'd';
    return Date.now() - Number(ago[1]) * units[unit];
  }
  const at = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?))?$/u.exec(text);
  const time = at === null ? Number.NaN : Date.parse(`${at[1]}T${at[2] ?? '00:00'}`);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('a time such as 7d, 24h, 2026-11-01 or "2026-11-01 12:30" is wanted.');
  return time;
}
