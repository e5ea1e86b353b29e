import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playHistory, playStory } from './history.ts';
import { shrink } from './shrink.ts';
import type { Story } from './story.ts';
import { tell } from './words.ts';

test('issue 13: a story shrinks to the events and draws that matter', async () => {
  const { story } = await playHistory(7);
  const noise = Array.from({ length: 20 }, (_, number) => ({
    at: 5_003 + 1_237 * number,
    event: { kind: 'outage' as const, of: 'panel' as const, lasts: number },
  }));
  const long: Story = {
    options: { ttls: true },
    createsWithContent: true,
    events: noise,
    calmAt: 70_001,
    draws: { ...story.draws, 'central 1 list': { 1: 11, 2: 23, 3: 57 } },
  };
  // A story shows the result if it still has these two events, in any order, and a draw of about 20.
  const shows = (one: Story): Promise<boolean> =>
    Promise.resolve(
      [3, 17].every((lasts) =>
        one.events.some(({ event }) => event.kind === 'outage' && event.lasts === lasts),
      ) && Math.abs(Number(one.draws['central 1 list']?.['2']) - 20) < 5,
    );
  const small = await shrink(long, shows);
  assert.deepEqual(small.options, {});
  assert.deepEqual(
    small.events.map(({ event }) => event.kind === 'outage' && event.lasts),
    [3, 17],
  );
  assert.ok(small.events.every(({ at }) => at % 10_000 === 0));
  assert.deepEqual(small.draws, { 'central 1 list': { 2: 20 } });
});

test('issue 13: a history that breaks a law becomes a short story in words', async () => {
  const careless = { watch: 0 };
  let seed = 1;
  let found = await playHistory(seed, careless);
  while (found.violations.length === 0 && seed < 1_000) found = await playHistory((seed += 1), careless);
  assert.ok(found.violations.length > 0, 'no law noticed a careless engine');
  const shows = async (one: Story): Promise<boolean> =>
    (await playStory(one, careless)).violations.length > 0;
  const small = await shrink(found.story, shows);
  assert.ok(small.events.length < found.story.events.length);
  assert.ok(await shows(small));
  const { troubles } = await playStory(small, careless);
  const words = tell({ story: small, troubles });
  assert.ok(
    words.some((line) => /^At [\d.]+ s alice (?:changes|adds|deletes|creates)/.test(line)),
    words.join('\n'),
  );
  assert.ok(
    words.some((line) => line.includes('on its way')),
    words.join('\n'),
  );
});

test('issue 13: events, troubles and delays are told in words', () => {
  const story: Story = {
    options: { two: true },
    createsWithContent: true,
    calmAt: 9_000,
    draws: { 'panel 1 read joined.example.': { 3: 180 } },
    events: [
      { at: 5_000, event: { kind: 'kill' } },
      { at: 7_000, event: { kind: 'outage', of: 2, lasts: 15_000 } },
    ],
  };
  assert.deepEqual(
    tell({
      story,
      troubles: [
        {
          at: 6_000,
          name: 'central 1 write joined.example. www.joined.example. fault',
          drawn: 'lost-answer',
        },
      ],
    }),
    [
      'Given: two.',
      'At 5 s the agent is killed.',
      'At 6 s the call "write" for www.joined.example at central 1 is carried out, and the answer gets lost.',
      'At 7 s central 2 is out of reach for 15 s.',
      'Number 3 of the call "read" for joined.example at panel 1 takes 0.18 s.',
      'From 9 s on all is well again.',
    ],
  );
});
