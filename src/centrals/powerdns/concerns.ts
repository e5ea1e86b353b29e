import * as v from 'valibot';
import { CentralError, type CallContext } from '../../core/central.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { hasCode, centralRefusal } from '../errors.ts';
import { shaped } from '../http-answer.ts';
import { isZoneFailing, type ZoneRead, type ZoneReader } from './read.ts';

/** Maximum number of zones that are checked. Each check takes 1 to 5 ms. */
const mostZones = 200;
/** Maximum number of zones that one message names. */
const mostNamed = 5;

/**
 * Finds problems for an administrator: cache flushes that do not work, zones that the server cannot read, and
 * zones without apex NS records. If the server is slow, the check ends when the signal aborts, and reports
 * how many zones it has checked.
 * @param flushable the name for the trial flush of the caches if `zones` is empty
 * @throws {CentralError} with any code except `central.unreachable`
 */
export async function findConcerns(
  reader: ZoneReader,
  zones: readonly DnsName[],
  flushable: DnsName,
  ctx: CallContext,
): Promise<readonly Problem[]> {
  return [
    ...(await flushConcern(reader, zones[0] ?? flushable, ctx)),
    ...(await zoneConcerns(reader, zones, ctx)),
  ];
}

async function flushConcern(
  { api }: ZoneReader,
  zone: DnsName,
  ctx: CallContext,
): Promise<readonly Problem[]> {
  try {
    await api.flush(zone, ctx.signal);
    return [];
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    return [problem('powerdns.no-flush', { text: error.params['text'] ?? '' })];
  }
}

async function zoneConcerns(
  reader: ZoneReader,
  zones: readonly DnsName[],
  ctx: CallContext,
): Promise<readonly Problem[]> {
  const without: DnsName[] = [];
  const found: Problem[] = [];
  let looked = 0;
  for (const zone of zones.slice(0, mostZones)) {
    const read = await wholeOrFailing(reader, zone, ctx);
    if (hasCode(read, 'central.unreachable')) break;
    looked += 1;
    if (read instanceof CentralError) found.push(read.problem);
    else if (read !== null && !read.records.some(({ type, name }) => type === 'NS' && name === zone))
      without.push(zone);
  }
  if (without.length > 0) {
    const named = without.slice(0, mostNamed).map(displayName).join(', ');
    const more = without.length > mostNamed ? ` (+${without.length - mostNamed})` : '';
    found.push(problem('powerdns.zone-without-ns', { zones: `${named}${more}` }));
  }
  if (looked < zones.length)
    found.push(problem('powerdns.not-all-zones', { looked: String(looked), zones: String(zones.length) }));
  return found;
}

/**
 * Reads the whole zone, because one bad record at any name makes the server unable to read it.
 * @returns the error if the zone cannot be read or the server does not answer; `null`: the account has no
 *   such zone
 */
async function wholeOrFailing(
  reader: ZoneReader,
  zone: DnsName,
  ctx: CallContext,
): Promise<ZoneRead | CentralError | null> {
  try {
    return await reader.whole(zone, ctx);
  } catch (error) {
    if (hasCode(error, 'central.unreachable') || isZoneFailing(error)) return error;
    throw error;
  }
}

const configShape = v.array(v.object({ name: v.string(), value: v.string() }));

/**
 * Throws if the change adds DNAME records that the server would not follow (`dname-processing` is off by
 * default). Such a server answers the DNAME itself, but NXDOMAIN for names below it. If the server does not
 * report this setting, nothing is refused.
 * @throws {CentralError} `central.dname-off`, with the state `untouched`
 */
export async function demandDnames(
  { api }: ZoneReader,
  records: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<void> {
  const dname = records.find(({ type }) => type === 'DNAME');
  if (dname === undefined || (await followsDnames(api, ctx)) !== false) return;
  throw centralRefusal('central.dname-off', { name: displayName(dname.name) });
}

/** Whether the server follows DNAME records; `null` if it does not report that. */
async function followsDnames(api: ZoneReader['api'], ctx: CallContext): Promise<boolean | null> {
  try {
    const settings = shaped(configShape, await api.read('/config', {}, ctx));
    const value = settings.find(({ name }) => name === 'dname-processing')?.value;
    return value === undefined ? null : value !== 'no';
  } catch (error) {
    if (error instanceof CentralError && error.code !== 'central.unreachable') return null;
    throw error;
  }
}
