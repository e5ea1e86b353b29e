import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playTold } from '../runs/play.ts';
import type { HistoryEvent } from './event.ts';
import { everyTrouble } from './every-trouble.ts';
import { address, freshZone, main } from './furniture.ts';
import type { LocalPart } from './world.ts';

const usual: LocalPart = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
const fresh = freshZone(false);
const administrator = { name: 'alice', rank: 'administrator' } as const;

function edit(local: Partial<LocalPart> = {}): HistoryEvent {
  const items = [{ remove: address(main, 'www', 7), add: address(main, 'www', 11) }];
  return { kind: 'edit', zone: main, items, actor: administrator, local: { ...usual, ...local } };
}

function zoneEdit(
  kind: 'zone-create' | 'zone-delete',
  zone: typeof main,
  local: Partial<LocalPart> = {},
): HistoryEvent {
  return { kind, zone, local: { ...usual, ...local } };
}

/** What happens, each event with its time in seconds. Slow: slower than an undo waits. */
const stories: Readonly<Record<string, readonly (readonly [number, HistoryEvent])[]>> = {
  'an edit': [[10, edit()]],
  'an edit that the panel refuses': [[10, edit({ refuses: true })]],
  'an edit in a slow panel': [[10, edit({ takes: 13_000 })]],
  'an edit without after': [[10, edit({ afterLost: true })]],
  'a new zone': [[10, zoneEdit('zone-create', fresh)]],
  'a new zone that the panel refuses': [[10, zoneEdit('zone-create', fresh, { refuses: true })]],
  'a new zone in a slow panel': [[10, zoneEdit('zone-create', fresh, { takes: 13_000 })]],
  'a deleted zone': [[10, zoneEdit('zone-delete', main)]],
  'a deleted zone in a slow panel': [[10, zoneEdit('zone-delete', main, { takes: 13_000 })]],
  'a zone deleted and made again': [
    [10, zoneEdit('zone-delete', main)],
    [40, zoneEdit('zone-create', main)],
  ],
  'a kill in the middle of an edit': [
    [10, edit()],
    [10.06, { kind: 'kill' }],
    [12, { kind: 'start' }],
  ],
};

for (const [at, [name, events]] of Object.entries(stories).entries()) {
  test(`issue 13: ${name}, once with each trouble of each call`, async () => {
    const troubled = await everyTrouble({
      options: { journal: true, reads: true, writes: true },
      createsWithContent: at % 2 === 0,
      events: events.map(([time, event]) => ({ at: time * 1_000, event })),
      calmAt: 120_000,
      draws: {},
    });
    assert.ok(troubled.length > 4);
    for (const { story, what } of troubled) assert.deepEqual((await playTold(story)).violations, [], what);
  });
}
