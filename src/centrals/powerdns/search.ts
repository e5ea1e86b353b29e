import * as v from 'valibot';
import { CentralError, type CallContext } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { validOr } from '../../dns/problem.ts';
import { shaped } from '../http-answer.ts';
import { mostZoneOctets, type ServerApi } from './api.ts';
import type { ZoneReader } from './read.ts';
import { serverName, takesOwner } from './names.ts';
import { heldRecords, type HeldRecords } from './records.ts';

/** Maximum number of rows that one search asks for. */
const mostRows = 2_000;
/**
 * If an answer has more rows than this, other rows may be missing. The server also counts empty non-terminals
 * as rows, but does not return them.
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
 * Finds the records at some names of a zone by `search-data`, disabled ones included. The search works even
 * if the server cannot read the whole zone. It shows disabled records even before version 5.0 (seen with
 * PowerDNS 4.7.3 and sqlite3). Before 5.0, a server with LMDB returns an empty list. So the result counts
 * only if a search also finds the zone's SOA.
 * @returns the reason (a text) if the answer proves nothing
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

/** Searches the zone for the rows of one name. @returns the reason (a text) if rows may be missing */
async function search(
  api: ServerApi,
  zone: DnsName,
  name: DnsName,
  ctx: CallContext,
): Promise<readonly Row[] | string> {
  if (!takesOwner(name)) return `search-data: ${name}`;
  // The database stores names without the final dot. In a search, `*` stands for any text and `?` for any
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
