import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { zoneName } from '../src/dns/name.ts';
import { parseZoneFile } from '../src/dns/zone-file.ts';
import type { AnyStage } from '../src/testing/stage/stage.ts';
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

/** Zones that only the panel has. Other pairs than the usual one get fewer, so that the demo ends soon. */
const manyZones = 500;
const fewZones = 40;

/** Names of the zones that the panel has since before the plugin. */
export function oldZones(stage: AnyStage): readonly string[] {
  const isUsual = stage.there.makesZones && stage.atPanel.words.title.endsWith('6') && !('server' in stage);
  return Array.from(
    { length: isUsual ? manyZones : fewZones },
    (_, at) => `old-${String(at + 1).padStart(3, '0')}.example`,
  );
}
