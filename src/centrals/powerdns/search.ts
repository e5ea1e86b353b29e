import * as v from 'valibot';
import { CentralError, type CallContext } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { validOr } from '../../dns/problem.ts';
import { shaped } from './answer.ts';
import { mostZoneOctets, type ServerApi } from './api.ts';
import type { ZoneReader } from './read.ts';
import { serverName, takesOwner } from './names.ts';
import { heldRecords, type HeldRecords } from './records.ts';

/** Maximum number of rows that one search asks for. */
const mostRows = 2_000;
/**
 * With more rows than this the answer may be cut. The server counts empty non-terminals as well, but does
 * not return them.
 */
const mostSureRows = mostRows / 2;

const rowShape = v.object({
  zone: v.optional(v.string(), ''),
  name: v.string(),
  type: v.string(),
  ttl: v.number(),
  content: v.string(),
  disabled: v.boolean(),
});

type Row = v.InferOutput<typeof rowShape>;

const answerShape = v.array(rowShape);

/**
 * Finds the records at some names of a zone, disabled ones included, by `search-data`. It works although
 * the whole zone cannot be read, and shows disabled records also before 5.0 (seen with PowerDNS 4.7.3 and
 * sqlite3). LMDB returns an empty list before 5.0. So the zone's SOA has to be found as well, to prove that
 * the search covers the zone.
 * @returns a text if the answer proves nothing: the reason
 * @throws {CentralError} `central.unreachable`, `central.login`
 */
export async function searchNames(
  { api }: ZoneReader,
  zone: DnsName,
  names: readonly DnsName[],
  ctx: CallContext,
): Promise<HeldRecords | string> {
  const apex = await search(api, zone, zone, ctx);
  if (typeof apex === 'string') return apex;
  if (!apex.some(({ type }) => type === 'SOA')) return 'search-data: no SOA found';
  const rows: Row[] = [];
  for (const name of names) {
    const found = await search(api, zone, name, ctx);
    if (typeof found === 'string') return found;
    rows.push(...found);
  }
  return await heldRecords(
    rows.map(({ content, disabled, ...row }) => ({ ...row, records: [{ content, disabled }] })),
  );
}

/** Searches the rows of one name in the zone. @returns a text if rows may be missing: the reason */
async function search(
  api: ServerApi,
  zone: DnsName,
  name: DnsName,
  ctx: CallContext,
): Promise<readonly Row[] | string> {
  if (!takesOwner(name)) return `search-data: ${name}`;
  // The database has names without the final dot. In a search `*` stands for any text and `?` for any
  // character.
  const q = serverName(name).slice(0, -1).replace(/^\*/u, '?');
  try {
    const query = { q, object_type: 'record', max: String(mostRows) };
    const rows = shaped(answerShape, await api.read('/search-data', query, ctx, mostZoneOctets));
    if (rows.length > mostSureRows) return `search-data: more than ${mostSureRows} rows`;
    return rows.filter((row) => isNamed(row.zone, zone) && isNamed(row.name, name));
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    if (error.code === 'central.unreachable' || error.code === 'central.login') throw error;
    return `search-data: ${error.params['text'] ?? error.code}`;
  }
}

function isNamed(text: string, name: DnsName): boolean {
  return validOr(() => parseName(text) === name, false);
}
