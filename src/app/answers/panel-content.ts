import type { Problem } from '../../dns/problem.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { PanelError } from '../../core/panel.ts';
import type { ZoneView } from './journal-status.ts';

/**
 * Records of a zone in the panel, or the problem that prevented reading them; null: nobody asked for them.
 */
export type PanelContent =
  | { readonly records: readonly ResourceRecord[] }
  | { readonly problem: Problem }
  | null;

/** Reads a zone from the panel; null: the panel has no such zone. @throws {PanelError} */
export type ReadPanel = (zone: DnsName) => Promise<readonly ResourceRecord[] | null>;

/**
 * Reads a zone's records from the panel if the ledger has none, because the zone's edits stay in the panel.
 */
export async function panelContent(
  { entry, rows }: ZoneView,
  zone: DnsName,
  readPanel: ReadPanel,
): Promise<PanelContent> {
  const isFollowed = entry !== null && entry.state !== 'panel-only' && entry.state !== 'foreign';
  if (isFollowed || rows.length > 0) return null;
  try {
    const found = await readPanel(zone);
    if (found === null) return null;
    return { records: found.map(({ name, type, ttl, rdata }) => ({ name, type, ttl, rdata })) };
  } catch (error) {
    if (!(error instanceof PanelError)) throw error;
    return { problem: { code: 'zone.panel-unread', params: { ...error.params, code: error.code } } };
  }
}
