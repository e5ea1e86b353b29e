import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord } from '../../dns/record.ts';
import { address, freshZone, main } from './set-up.ts';
import { playStory } from './history.ts';
import type { TimedEvent } from './story.ts';

const actor = { name: 'alice', rank: 'administrator' } as const;
const local = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

test('issue 13, known violation 6: refused clicks in one zone keep no undo in another one waiting', async () => {
  const fresh = freshZone(false);
  // The engine refuses this CNAME, because its name has an address.
  const clash = makeRecord({ name: 'mail', type: 'CNAME', rdata: 'elsewhere.example.net.' }, fresh);
  const clicks = Array.from({ length: 1_200 }, (_, number): TimedEvent => ({
    at: 39_000 + 50 * number,
    event: { kind: 'edit', zone: fresh, items: [{ remove: null, add: clash }], actor, local },
  }));
  const items = [{ remove: address(main, 'www', 7), add: address(main, 'www', 11) }];
  const created: TimedEvent = { at: 6_000, event: { kind: 'zone-create', zone: fresh, local } };
  const refused: TimedEvent = {
    at: 39_999,
    event: { kind: 'edit', zone: main, items, actor, local: { ...local, refuses: true } },
  };
  const events = [created, ...clicks, refused].toSorted((one, other) => one.at - other.at);
  const calmAt = 100_000;
  const { log, violations } = await playStory({
    options: {},
    createsWithContent: false,
    events,
    calmAt,
    draws: {},
  });
  assert.deepEqual(violations, []);
  assert.ok(log.filter((line) => line.includes('refuse record.cname-clash')).length > 1_000);
  const undone = log.find((line) => line.includes('joined.example.') && line.includes('"to":"reverted"'));
  assert.ok(undone !== undefined && Number.parseInt(undone, 10) < 60_000, undone ?? 'it is not undone');
});
