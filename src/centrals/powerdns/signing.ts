import * as v from 'valibot';
import { CentralError, type CallContext, type Signing } from '../../core/central.ts';
import { cdsType, dnskeyType, dsOfCds, dsOfKeys } from '../../dns/dnssec.ts';
import type { DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { shaped } from '../http-answer.ts';
import { zonePath } from './api.ts';
import type { ZoneReader } from './read.ts';

/**
 * The keys of a zone as the API lists them, without their private parts. `cds` exists if the zone publishes
 * CDS records (PUBLISH-CDS).
 */
const keysShape = v.array(
  v.object({
    dnskey: v.string(),
    published: v.optional(v.boolean(), true),
    cds: v.optional(v.array(v.string()), []),
  }),
);

/**
 * Reads how the server signs a zone. If the keys cannot be read, DS and CDS are empty.
 * @returns `null` if the account has no such zone
 * @throws {CentralError}
 */
export async function readSigning(
  reader: ZoneReader,
  zone: DnsName,
  ctx: CallContext,
): Promise<Signing | null> {
  if ((await reader.recentOwner(zone, ctx)) === null) return null;
  const apex = await reader.names(zone, [zone], ctx);
  if (apex === null) return null;
  if (apex.facts?.signed !== true) return { signed: false, ds: [], cds: [] };
  const held = (type: string): readonly ResourceRecord[] =>
    apex.records.filter((record) => record.name === zone && record.type === type);
  const { dnskeys, cds } = await readKeys(reader, zone, ctx);
  // For a zone that is signed elsewhere (PRESIGNED) the server has DNSKEY records, but no keys.
  const ds = dsOfKeys(zone, dnskeys.length > 0 ? dnskeys : held(dnskeyType));
  return { signed: true, ds, cds: dsOfCds([...cds, ...held(cdsType)]) };
}

/**
 * Reads the published keys of a zone. The zone itself was readable a moment ago, so a refusal here means that
 * a proxy blocks the request. The result is then empty.
 * @throws {CentralError} `central.unreachable`
 */
async function readKeys({ api }: ZoneReader, zone: DnsName, ctx: CallContext) {
  try {
    const all = shaped(keysShape, await api.read(`${zonePath(zone)}/cryptokeys`, {}, ctx));
    const keys = all.filter(({ published }) => published);
    return {
      dnskeys: keys.map(({ dnskey }) => makeRecord({ name: zone, type: 'DNSKEY', rdata: dnskey })),
      cds: keys.flatMap(({ cds }) => cds.map((rdata) => makeRecord({ name: zone, type: 'CDS', rdata }))),
    };
  } catch (error) {
    const hidden = error instanceof CentralError && error.code !== 'central.unreachable';
    if (hidden || error instanceof DnsDataError) return { dnskeys: [], cds: [] };
    throw error;
  }
}
