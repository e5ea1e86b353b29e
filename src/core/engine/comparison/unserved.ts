import type { DnsName } from '../../../dns/name.ts';
import { CentralError } from '../../central.ts';
import { PanelError } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';

/** Codes of failures that are about one zone, which a side has and cannot show. */
const codes = ['central.zone-failing', 'central.query-refused', 'panel.garbled', 'panel.refused'] as const;

export type Unserved = (typeof codes)[number];

/** What an error of a read says about the one zone that was read; null: it is about more than that. */
export function unservedCode(error: unknown): Unserved | null {
  if (!(error instanceof CentralError || error instanceof PanelError)) return null;
  return codes.find((code) => code === error.code) ?? null;
}

/**
 * Notes at a synced zone that a side cannot show it; other errors of a read leave no note. @throws
 * {JournalError}
 */
export async function noteUnserved(runtime: Runtime, zone: DnsName, error: unknown): Promise<void> {
  const { journal } = runtime.ports;
  const note = unservedCode(error);
  const entry = note === null ? null : await journal.zone(zone);
  if (entry?.state === 'synced' && entry.note !== note)
    await runtime.store.transact((tx) => tx.zone(entry, { ...entry, note }));
}
