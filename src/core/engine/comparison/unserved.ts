import type { DnsName } from '../../../dns/name.ts';
import { CentralError } from '../../central.ts';
import { PanelError } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Codes of failed reads that concern only one zone: the side that was read has the zone but cannot show it.
 */
const codes = ['central.zone-failing', 'central.query-refused', 'panel.garbled', 'panel.refused'] as const;

export type Unserved = (typeof codes)[number];

/** The code of an error that concerns only the zone that was read; null: other zones may be affected too. */
export function unservedCode(error: unknown): Unserved | null {
  if (!(error instanceof CentralError || error instanceof PanelError)) return null;
  return codes.find((code) => code === error.code) ?? null;
}

/**
 * Stores the {@link unservedCode} of a failed read as the note of a synced zone. Does nothing for other
 * errors.
 * @throws {JournalError}
 */
export async function noteUnserved(runtime: Runtime, zone: DnsName, error: unknown): Promise<void> {
  const { journal } = runtime.ports;
  const note = unservedCode(error);
  const entry = note === null ? null : await journal.zone(zone);
  if (entry?.state === 'synced' && entry.note !== note)
    await runtime.store.transact((tx) => tx.zone(entry, { ...entry, note }));
}
