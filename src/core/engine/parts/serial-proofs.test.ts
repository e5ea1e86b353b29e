import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zone } from '../../../testing/simulator/given.ts';
import { longestSkip, SerialProofs, type SerialPair } from './serial-proofs.ts';

const readLag = 90_000;

interface Scene {
  readonly proofs: SerialProofs;
  /** Lets this many milliseconds pass, then makes a round that reads these serials; null: it reads none. */
  readonly round: (ms: number, pair: SerialPair | null) => void;
  /** Makes a comparison that begins now and finds both sides equal. */
  readonly compared: () => void;
}

function scene(): Scene {
  let now = 0;
  const proofs = new SerialProofs(() => now, readLag);
  return {
    proofs,
    round: (ms, pair) => {
      now += ms;
      proofs.seen(new Map(pair === null ? [] : [[zone, pair]]));
    },
    compared: () => proofs.inStep(zone, now),
  };
}

const pair: SerialPair = { panel: 10, central: 20 };

/** Makes a scene in which the serials `pair` are proven to belong to equal sides. */
function proven(): Scene {
  const made = scene();
  made.round(1, pair);
  made.round(readLag, pair);
  made.compared();
  return made;
}

test('issue 17: a zone whose serials stay is unchanged', () => {
  const { proofs, round } = proven();
  assert.ok(proofs.isUnchanged(zone));
  round(1, pair);
  assert.ok(proofs.isUnchanged(zone));
});

test('issue 17: a zone of which one serial moves, or is not known, may have changed', () => {
  for (const other of [{ ...pair, panel: 11 }, { ...pair, central: 19 }, null]) {
    const { proofs, round } = proven();
    round(1, other);
    assert.ok(!proofs.isUnchanged(zone), JSON.stringify(other));
  }
});

test('issue 17: a panel read may be old, so serials count only if they have not moved for that long', () => {
  const { proofs, round, compared } = scene();
  round(1, pair);
  compared();
  assert.ok(!proofs.isUnchanged(zone));
  round(readLag - 1, pair);
  compared();
  assert.ok(!proofs.isUnchanged(zone));
  round(1, { ...pair, panel: 11 });
  round(1, pair);
  compared();
  assert.ok(!proofs.isUnchanged(zone));
  round(readLag, pair);
  compared();
  assert.ok(proofs.isUnchanged(zone));
});

test('issue 17: a comparison that began before the serials were read proves nothing', () => {
  const { proofs, round } = scene();
  round(1, pair);
  round(readLag, pair);
  round(1, pair);
  proofs.inStep(zone, readLag + 1);
  assert.ok(!proofs.isUnchanged(zone));
  proofs.inStep(zone, readLag + 2);
  assert.ok(proofs.isUnchanged(zone));
});

test('issue 17: a change of the zone in the journal ends the proof', () => {
  const { proofs } = proven();
  proofs.touched(zone);
  assert.ok(!proofs.isUnchanged(zone));
});

test('issue 17: each zone is compared in full once a day', () => {
  const { proofs, round } = proven();
  round(longestSkip - 1, pair);
  assert.ok(proofs.isUnchanged(zone));
  round(1, pair);
  assert.ok(!proofs.isUnchanged(zone));
});

test('issue 17: equal serials may come from one name server that copies the other, and prove nothing', () => {
  const { proofs, round, compared } = scene();
  round(1, { panel: 7, central: 7 });
  round(readLag, { panel: 7, central: 7 });
  compared();
  assert.ok(!proofs.isUnchanged(zone));
});
