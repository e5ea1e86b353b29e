import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import type { Altered, Conditional, FoundOtherwise } from '../../../core/central.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { changeNames, type Change } from '../../../dns/zone.ts';
import { quietContext } from '../../quiet-context.ts';
import { ids, type Bench, type MakeBench } from './zone-bench.ts';

/** Cases for centrals that take expectations. A central without them passes each. */
export function conditionalCases(bench: MakeBench): void {
  it('with a right expectation: changes what is to be changed, and nothing else', async () => {
    const b = await bench();
    if (b.central.conditional === undefined) return;
    const [old, next, theirs] = [1, 2, 3].map((last) => b.record('s', 'A', `192.0.2.${last}`));
    assert.ok(old !== undefined && next !== undefined && theirs !== undefined);
    await b.works([], [old, theirs]);
    const done = await apply(b, b.change([old], [next]), [old, theirs]);
    assert.ok(!('found' in done));
    assert.deepEqual([ids(done.removed), ids(done.added)], [ids([old]), ids([next])]);
    assert.deepEqual(await there(b, [old, next, theirs]), [false, true, true]);
  });

  it('with a wrong expectation: changes nothing, and tells what is there', async () => {
    const b = await bench();
    if (b.central.conditional === undefined) return;
    const [old, next, theirs] = [1, 2, 3].map((last) => b.record('s', 'A', `192.0.2.${last}`));
    assert.ok(old !== undefined && next !== undefined && theirs !== undefined);
    await b.works([], [old]);
    await b.otherWriter.add(b.zone, theirs);
    for (const expected of [[], [old], [theirs], [old, next], [old, theirs, next]]) {
      const said = await apply(b, b.change([old], [next]), expected);
      assert.ok('found' in said && said.found !== null);
      assert.deepEqual(ids(said.found), ids([old, theirs]));
    }
    assert.deepEqual(await there(b, [old, next, theirs]), [true, false, true]);
  });

  it('an expectation is about its types only; CNAME is told like any other', async () => {
    const b = await bench();
    if (b.central.conditional === undefined) return;
    const [address, text] = [b.record('s', 'A', '192.0.2.1'), b.text('s', 'theirs')];
    await b.otherWriter.add(b.zone, text);
    const done = await apply(b, b.change([], [address]), []);
    assert.ok(!('found' in done));
    const alias = b.record('s', 'CNAME', 'elsewhere.example.net.');
    const said = await apply(b, b.change([], [alias]), [], null);
    assert.ok('found' in said && said.found !== null);
    assert.deepEqual(ids(said.found), ids([address, text]));
  });

  it('a change that was sent twice is carried out once, and its outcome is known from then on', async () => {
    const b = await bench();
    const { conditional } = b.central;
    if (conditional === undefined) return;
    const record = b.record('s', 'A', '192.0.2.1');
    const key = randomUUID();
    const first = await apply(b, b.change([], [record]), [], undefined, key);
    await b.works([record], []);
    assert.deepEqual(await apply(b, b.change([], [record]), [], undefined, key), first);
    assert.deepEqual(await conditional.outcome(b.zone, key, quietContext()), first);
    assert.deepEqual(await there(b, [record]), [false]);
  });

  it('a change that was asked about before it came never comes', async () => {
    const b = await bench();
    const { conditional } = b.central;
    if (conditional === undefined) return;
    const record = b.record('s', 'A', '192.0.2.1');
    const key = randomUUID();
    for (let times = 0; times < 2; times += 1)
      assert.equal(await conditional.outcome(b.zone, key, quietContext()), 'nothing');
    await assert.rejects(apply(b, b.change([], [record]), [], undefined, key), { state: 'untouched' });
    assert.equal(await conditional.outcome(b.zone, key, quietContext()), 'nothing');
    assert.deepEqual(await there(b, [record]), [false]);
  });

  it('a change whose expectation was wrong was not carried out', async () => {
    const b = await bench();
    const { conditional } = b.central;
    if (conditional === undefined) return;
    const record = b.record('s', 'A', '192.0.2.1');
    const key = randomUUID();
    assert.ok('found' in (await apply(b, b.change([record], []), [record], undefined, key)));
    assert.equal(await conditional.outcome(b.zone, key, quietContext()), 'nothing');
  });

  it('of changes at once with one expectation one is carried out', async () => {
    const b = await bench();
    if (b.central.conditional === undefined) return;
    const records = Array.from({ length: 8 }, (_, at) => b.record('s', 'A', `192.0.2.${at + 1}`));
    const said = await Promise.all(records.map(async (record) => await apply(b, b.change([], [record]), [])));
    const done = said.filter((one) => !('found' in one));
    assert.equal(done.length, 1);
    assert.deepEqual((await there(b, records)).filter(Boolean), [true]);
  });
}

/** @param types default: A and CNAME */
async function apply(
  b: Bench,
  change: Change,
  records: readonly ResourceRecord[],
  types: ReadonlySet<string> | null = new Set(['A', 'CNAME']),
  key: string = randomUUID(),
): Promise<Altered | FoundOtherwise> {
  const conditional: Conditional | undefined = b.central.conditional;
  assert.ok(conditional !== undefined);
  const expected = { names: new Set(changeNames(change)), types, records };
  return await conditional.apply(change, { expected, key }, quietContext());
}

async function there(b: Bench, records: readonly ResourceRecord[]): Promise<readonly boolean[]> {
  const truth = await b.truth();
  return records.map((record) => truth.has(recordId(record)));
}
