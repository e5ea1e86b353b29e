import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patience } from '../patience.ts';
import { fuzzCases } from './cases.ts';
import { fuzzTargets as plantedList, plantedTargets } from './planted.ts';
import { inputAt, playInput } from './play.ts';
import { fuzz } from './run.ts';
import { fuzzTargets } from './targets/all.ts';

/** Duration of the short form of the fuzzer in seconds. All targets get the same share of it. */
const shortTime = 12;

test('issue 19, fuzz: the short form plays every decoder, and finds nothing', async () => {
  const report = await fuzz({
    targets: fuzzTargets,
    module: import.meta.resolve('./targets/all.ts'),
    chosen: [...fuzzTargets.keys()],
    seed: 20_261_130,
    seconds: shortTime,
  });
  assert.deepEqual(report.findings, []);
  for (const { target, inputs } of report.targets) assert.ok(inputs > 0, target);
});

test('issue 19, fuzz: what was found once holds', async () => {
  for (const { target: name, fault, input } of fuzzCases) {
    const target = fuzzTargets.find((one) => one.name === name);
    assert.ok(target !== undefined, name);
    const played = await playInput(target, input);
    assert.ok(played === 'decoded' || played === 'refused', `${fault}: ${JSON.stringify(played)}`);
  }
});

test('issue 19, fuzz: no sample is a finding, and every decoder accepts some of them', async () => {
  for (const target of fuzzTargets) {
    const played: unknown[] = [];
    for (const sample of target.samples) played.push(await playInput(target, sample));
    assert.deepEqual(new Set(played).difference(new Set(['decoded', 'refused'])), new Set(), target.name);
    assert.ok(played.includes('decoded'), target.name);
  }
});

test('issue 19, fuzz: the names of targets differ, and a seed means the same inputs', () => {
  assert.equal(new Set(fuzzTargets.map(({ name }) => name)).size, fuzzTargets.length);
  for (const target of fuzzTargets) {
    const made = Array.from({ length: 20 }, (_, at) => inputAt(target, 7, at));
    assert.deepEqual(
      Array.from({ length: 20 }, (_, at) => inputAt(target, 7, at)),
      made,
    );
    assert.ok(new Set(made).size > 10, target.name);
  }
});

for (const [kind, planted] of Object.entries(plantedTargets)) {
  test(`issue 19, fuzz: planted decoder "${planted.name}": ${kind}`, async () => {
    const { findings } = await fuzz({
      targets: plantedList,
      module: import.meta.resolve('./planted.ts'),
      chosen: [plantedList.indexOf(planted)],
      seed: 1,
      seconds: kind === 'none' ? 1 : patience / 1_000,
      stopAtFirst: true,
      // A low limit finds the planted hang soon. The other decoders keep the usual limit, because a busy
      // machine is slow.
      ...(kind === 'hang' ? { mostWork: 2_000 } : {}),
    });
    const kinds = new Set(findings.map((finding) => finding.kind));
    assert.deepEqual([...kinds], kind === 'none' ? [] : [kind]);
  });
}
