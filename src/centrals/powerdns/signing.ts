import * as v from 'valibot';
import { CentralError, type CallContext, type Signing } from '../../core/central.ts';
import { cdsType, dnskeyType, dsOfCds, dsOfKeys } from '../../dns/dnssec.ts';
import type { DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { garbled, shaped } from './answer.ts';
import { zonePath, type ServerApi } from './api.ts';
import type { ZoneReader } from './read.ts';

/** Keys of a zone as the API lists them, without their private part; `cds` is there where the zone publishes it (PUBLISH-CDS). */
const keysShape = v.array(
  v.object({
    dnskey: v.string(),
    published: v.optional(v.boolean(), true),
    cds: v.optional(v.array(v.string()), []),
  }),
);

type Key = v.InferOutput<typeof keysShape>[number];

/**
 * How the server signs a zone. Of a zone that comes signed already (PRESIGNED) it has no keys, only their records.
 * @throws {CentralError}
 */
export async function readSigning(
  api: ServerApi,
  reader: ZoneReader,
  zone: DnsName,
  ctx: CallContext,
): Promise<Signing | null> {
  const apex = await reader.names(zone, [zone], ctx);
  if (apex === null) return null;
  if (apex.facts?.signed !== true) return { signed: false, ds: [], cds: [] };
  const held = (type: string): readonly ResourceRecord[] =>
    apex.records.filter((record) => record.name === zone && record.type === type);
  const keys = (await readKeys(api, zone, ctx)).filter(({ published }) => published);
  try {
    const dnskeys = keys.map(({ dnskey }) => recordOf(zone, 'DNSKEY', dnskey));
    const ds = dsOfKeys(zone, dnskeys.length > 0 ? dnskeys : held(dnskeyType));
    const made = keys.flatMap(({ cds }) => cds.map((data) => recordOf(zone, 'CDS', data)));
    return { signed: true, ds, cds: dsOfCds([...made, ...held(cdsType)]) };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    throw garbled('a key that is none', 'read');
  }
}

async function readKeys(api: ServerApi, zone: DnsName, ctx: CallContext): Promise<readonly Key[]> {
  try {
    return shaped(keysShape, await api.read(`${zonePath(zone)}/cryptokeys`, {}, ctx));
  } catch (error) {
    // A server that does not show keys, or a proxy that does not let them through.
    const hides =
      error instanceof CentralError &&
      (error.code === 'central.missing' || error.code === 'central.access-denied');
    if (hides) return [];
    throw error;
  }
}

function recordOf(zone: DnsName, type: string, rdata: string): ResourceRecord {
  return makeRecord({ name: zone, type, rdata });
}
