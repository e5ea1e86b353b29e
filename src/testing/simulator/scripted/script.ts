import type { DnsName } from '../../../dns/name.ts';
import type { EditItem } from '../../../core/panel.ts';
import { administrator } from '../edits.ts';
import type { EditOfRecords, EditOfZone, HistoryEvent, OnCopy } from '../event.ts';
import { address, main } from '../set-up.ts';
import type { Story } from '../story.ts';
import type { LocalPart } from '../world.ts';

/** A panel that carries out every edit at once and reports it. */
const usual: LocalPart = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

/** Events, each with its time in seconds from the beginning. The first comparison ends within 5 seconds. */
export type Script = readonly (readonly [number, HistoryEvent | OnCopy])[];

/**
 * Makes the story of these events, without any fault unless `more` contains one.
 * @param more parts that differ; by default every draw gets its quiet value, and faults end after 120 s
 */
export function told(script: Script, more: Partial<Omit<Story, 'events'>> = {}): Story {
  return {
    options: {},
    createsWithContent: true,
    events: script.map(([seconds, what]) => {
      const at = seconds * 1_000;
      return 'on' in what ? { at, ...what } : { at, event: what };
    }),
    calmAt: 120_000,
    draws: {},
    ...more,
  };
}

/** A user saves records. @param local how the panel's own part differs from one without a fault */
export function edit(items: readonly EditItem[], local: Partial<LocalPart> = {}, zone = main): EditOfRecords {
  return { kind: 'edit', zone, items: [...items], actor: administrator, local: { ...usual, ...local } };
}

/** A user creates or deletes a zone. @param local as in `edit` */
export function zoneEdit(
  kind: 'zone-create' | 'zone-delete',
  zone: DnsName,
  local: Partial<LocalPart> = {},
): EditOfZone {
  return { kind, zone, local: { ...usual, ...local } };
}

/** The edit of most stories: `www`, which both sides have, gets another address. */
export const wwwMoves: EditItem = { remove: address(main, 'www', 7), add: address(main, 'www', 11) };
