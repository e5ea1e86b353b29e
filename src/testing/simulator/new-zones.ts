import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { isAnswered } from './answers.ts';
import type { CentralStore } from './sim-central.ts';
import type { PanelStore } from './sim-panel.ts';

/** The default records that a side adds to a new zone. */
export function defaultRecords(zone: DnsName, side: 'panel' | 'central'): ResourceRecord[] {
  return [
    makeRecord({ name: '@', type: 'A', rdata: side === 'panel' ? '192.0.2.1' : '198.51.100.1' }, zone),
    makeRecord({ name: 'mail', type: 'A', rdata: '192.0.2.1' }, zone),
    makeRecord({ name: side === 'panel' ? 'pop' : 'smtp', type: 'A', rdata: '192.0.2.1' }, zone),
    makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, parseName(zone)),
  ];
}

/**
 * Wraps the function that carries out a create. The result calls it when the request lands, and compares the
 * central's answers before and after that.
 * @param emptied called with each name of the panel's zone that the central answered before and no longer
 * answers
 */
export function watchCreate(
  { panel, store }: { readonly panel: PanelStore; readonly store: CentralStore },
  zone: DnsName,
  create: () => void,
  emptied: (name: DnsName) => void,
): () => void {
  // The engine may create the zone before the panel does. The zone will then have the panel's default
  // records, so the central must still answer for their names.
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
