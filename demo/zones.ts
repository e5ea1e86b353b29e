import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { zoneName } from '../src/dns/name.ts';
import { parseZoneFile } from '../src/dns/zone-file.ts';
import type { StageDomain } from '../src/testing/stage/make-domain.ts';

/** Reads the domains in `demo/zones/`, sorted by name. */
export function readZones(): StageDomain[] {
  return globSync(join(import.meta.dirname, 'zones/*.zone'))
    .toSorted()
    .map((path) => {
      const name = basename(path, '.zone');
      const origin = zoneName(name);
      const { records } = parseZoneFile(readFileSync(path, 'utf8'), { origin, file: basename(path) });
      return { name, records: records.filter(({ type }) => type !== 'SOA' && type !== 'NS') };
    });
}

/** Names of the old zones, which the panel had before the plugin was installed. */
export function oldZones(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `old-${String(at + 1).padStart(3, '0')}.example`);
}
