import type { DnsName } from '../../../dns/name.ts';
import type { EditItem } from '../../../core/panel.ts';
import { administrator } from '../edits.ts';
import type { EditOfRecords, HistoryEvent } from '../event.ts';
import { address, main } from '../set-up.ts';
import type { Story } from '../story.ts';
import type { LocalPart } from '../world.ts';

/** Nothing goes wrong in the panel. */
const usual: LocalPart = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

/**
 * What happens, each event with its time in seconds from the beginning; the first comparison is over after 5
 * s.
 */
export type Script = readonly (readonly [number, HistoryEvent])[];

/**
 * The story in which this happens and nothing else. @param more what is otherwise: by default all draws are
 * quiet, and the calm begins after 120 s
 */
export function told(script: Script, more: Partial<Omit<Story, 'events'>> = {}): Story {
  return {
    options: {},
    createsWithContent: true,
    events: script.map(([seconds, event]) => ({ at: seconds * 1_000, event })),
    calmAt: 120_000,
    draws: {},
    ...more,
  };
}

/** A user saves records. @param local what the panel's own part does otherwise than nothing wrong */
export function edit(items: readonly EditItem[], local: Partial<LocalPart> = {}, zone = main): EditOfRecords {
  return { kind: 'edit', zone, items: [...items], actor: administrator, local: { ...usual, ...local } };
}

/** A user makes or deletes a zone. @param local as of `edit` */
export function zoneEdit(
  kind: 'zone-create' | 'zone-delete',
  zone: DnsName,
  local: Partial<LocalPart> = {},
): HistoryEvent {
  return { kind, zone, local: { ...usual, ...local } };
}

/** `www` of the zone that both sides have gets another address: the change that most stories are about. */
export const wwwMoves: EditItem = { remove: address(main, 'www', 7), add: address(main, 'www', 11) };
