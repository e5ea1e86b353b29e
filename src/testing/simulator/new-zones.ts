import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { isAnswered } from './answers.ts';
import type { CentralStore } from './sim-central.ts';
import type { PanelStore } from './sim-panel.ts';

/** Records that a side makes for a new zone by itself. */
export function defaultRecords(zone: DnsName, side: 'panel' | 'central'): ResourceRecord[] {
  return [
    makeRecord({ name: '@', type: 'A', rdata: side === 'panel' ? '192.0.2.1' : '198.51.100.1' }, zone),
    makeRecord({ name: 'mail', type: 'A', rdata: '192.0.2.1' }, zone),
    makeRecord({ name: side === 'panel' ? 'pop' : 'smtp', type: 'A', rdata: '192.0.2.1' }, zone),
    makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, parseName(zone)),
  ];
}

/**
 * A create that is sent now, as what it does when it lands: the answers before and after are compared.
 * @param emptied is told of names of the panel that the central answered until the new zone took the answer
 *   away
 */
export function watchCreate(
  { panel, store }: { readonly panel: PanelStore; readonly store: CentralStore },
  zone: DnsName,
  create: () => void,
  emptied: (name: DnsName) => void,
): () => void {
  // Made ahead of the panel, it takes away what the panel is about to have.
  const isAhead = panel.visible(zone) === null;
  const sent = panelNames(panel, zone);
  return () => {
    const now = panelNames(panel, zone);
    const wanted = isAhead ? defaultRecords(zone, 'panel').map(({ name }) => name) : [...sent];
    const owed = wanted.filter((name) => (isAhead || now.has(name)) && isAnswered(store.zones, name));
    create();
    if (store.refused.has(zone) || !store.createsWithContent) return;
    for (const name of owed.filter((one) => !isAnswered(store.zones, one))) emptied(name);
  };
}

function panelNames({ zones }: PanelStore, zone: DnsName): Set<DnsName> {
  return new Set([...(zones.get(zone)?.values() ?? [])].map(({ name }) => name));
}
