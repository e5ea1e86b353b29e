/** Which name server behind the gateway has a zone. */
import type { CallContext } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Storage } from '../storage/storage.ts';
import type { Backends } from './backends.ts';

interface Parts {
  readonly storage: Storage;
  readonly backends: Backends;
}

/** Name of the name server that has a zone. @throws {StorageError} */
export async function backendNameOf({ storage, backends }: Parts, zone: DnsName): Promise<string> {
  const [only = '', ...others] = backends.names;
  return others.length === 0 ? only : ((await storage.zone(zone))?.backend ?? '');
}

/**
 * Those of the zones that their name servers have.
 * @throws {CentralError} @throws {StorageError} @throws {ApiRefusal} a name server is not in the settings
 */
export async function listedZones(
  parts: Parts,
  zones: readonly DnsName[],
  ctx: CallContext,
): Promise<ReadonlySet<DnsName>> {
  const byBackend = new Map<string, DnsName[]>();
  for (const zone of zones) {
    const name = await backendNameOf(parts, zone);
    byBackend.set(name, [...(byBackend.get(name) ?? []), zone]);
  }
  const there = new Set<DnsName>();
  for (const [name, asked] of byBackend)
    for (const zone of await parts.backends.named(name).listZones(asked, ctx)) there.add(zone);
  return there;
}
