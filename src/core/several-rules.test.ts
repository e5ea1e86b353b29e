/**
 * Tests in which order the engines of several centrals are asked, and which answer the panel gets (decision
 * 009).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { a, zone } from '../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../testing/simulator/edits.ts';
import type { Problem } from '../dns/problem.ts';
import type { Answer } from './engine/before/answer.ts';
import type { EditEvent, PanelEvent, Verdict } from './panel.ts';
import { Several, type Member } from './several.ts';

/** The answers of a fake engine. If a field is absent, the engine accepts. */
interface Says {
  readonly answer?: Verdict;
  readonly objections?: readonly Problem[];
  readonly carryOut?: Answer;
  readonly rollBack?: 'nothing' | 'unknown';
}

const accept = { kind: 'accept' } as const;

/** A fake engine that writes each call into `calls`. */
function member(number: number, calls: string[], says: Says = {}): Member {
  const note = async <T>(call: string, result: T): Promise<T> => {
    calls.push(`${number} ${call}`);
    return await Promise.resolve(result);
  };
  return {
    number,
    engine: {
      answer: async () => await note('answer', says.answer ?? accept),
      objections: async () => await note('objections', says.objections ?? []),
      carryOut: async () => await note('carry out', says.carryOut ?? { ...accept, begun: [`${number}-a`] }),
      rollBack: async (ids, problems) =>
        await note(
          `roll back ${ids.join()} ${problems.map(({ code }) => code).join()}`,
          says.rollBack ?? 'nothing',
        ),
      duringCall: async (_event, body) => {
        calls.push(`${number} begins`);
        const result = await body();
        calls.push(`${number} ends`);
        return result;
      },
      putOff: (echo) => void calls.push(`${number} put off ${echo}`),
    },
  };
}

async function ask(
  event: PanelEvent,
  ...engines: readonly Says[]
): Promise<{ readonly verdict: Verdict; readonly calls: readonly string[] }> {
  const calls: string[] = [];
  const members = engines.map((says, at) => member(at + 1, calls, says));
  const verdict = await new Several(members).answer(event, new AbortController().signal);
  return { verdict, calls };
}

function edit(stage: 'before' | 'after', echo: string | null = null): EditEvent {
  return { ...recordsEvent(zone, [{ remove: null, add: a('www', 1) }], stage), echo };
}

const before: PanelEvent = { kind: 'edits', edits: [edit('before')] };
const after: PanelEvent = { kind: 'edits', edits: [edit('after')] };
const hint: PanelEvent = { kind: 'hint', zones: [zone], source: 'x', fingerprint: 'x', actor: administrator };
const ignored: PanelEvent = { kind: 'ignore' };
const invalid: PanelEvent = { kind: 'invalid', problems: [], actor: administrator, zone, creates: false };

function problem(code: string, params: Readonly<Record<string, string>> = {}): Problem {
  return { code, params };
}

function refused(changed: 'nothing' | 'unknown' | 'panel' | 'panel-unknown', ...codes: readonly string[]) {
  return { kind: 'refuse', changed, problems: codes.map((code) => problem(code)) } as const;
}

const began = ['1 begins', '2 begins'];
const ended = ['2 ends', '1 ends'];

test('what is none of our business, or cannot be read, is asked of the first engine alone', async () => {
  const answer = refused('nothing', 'name.invalid');
  for (const event of [ignored, invalid]) {
    const { verdict, calls } = await ask(event, { answer }, {});
    assert.deepEqual([verdict, calls], [answer, ['1 answer']]);
  }
});

test('one engine answers everything by itself', async () => {
  for (const event of [before, after, hint, ignored, invalid])
    assert.deepEqual((await ask(event, {})).calls, ['1 answer']);
});

test('without a central nothing can be answered', async () => {
  await assert.rejects(async () => await ask(before));
});

test('while one engine is asked the panel waits for all of them', async () => {
  for (const event of [after, hint])
    assert.deepEqual((await ask(event, {}, {})).calls, [...began, '1 answer', '2 answer', ...ended]);
});

test('an edit is written at one central after the other, once none objects', async () => {
  const { verdict, calls } = await ask(before, {}, {});
  assert.deepEqual(verdict, accept);
  const asked = ['1 objections', '2 objections', '1 carry out', '2 carry out'];
  assert.deepEqual(calls, [...began, ...asked, ...ended]);
  const mixed: PanelEvent = { kind: 'edits', edits: [edit('after'), edit('before')] };
  assert.deepEqual((await ask(mixed, {}, {})).calls, calls);
});

test('what one objects to is written at none', async () => {
  const objections = [problem('name.invalid')];
  const { verdict, calls } = await ask(before, {}, { objections });
  assert.deepEqual(verdict, {
    kind: 'refuse',
    changed: 'nothing',
    problems: [problem('name.invalid', { central: '2' })],
  });
  assert.deepEqual(calls, [...began, '1 objections', '2 objections', ...ended]);
});

test('what a later one refuses is rolled back at those before, and asked of none behind', async () => {
  const says = { carryOut: refused('nothing', 'central.refused') };
  const { verdict, calls } = await ask(before, {}, says, {});
  assert.ok(verdict.kind === 'refuse');
  assert.equal(verdict.changed, 'nothing');
  assert.deepEqual(verdict.problems, [problem('central.refused', { central: '2' })]);
  assert.deepEqual(calls.slice(6, -3), ['1 carry out', '2 carry out', '1 roll back 1-a central.refused']);
});

test('that nothing was changed is said only where everybody has proved it', async () => {
  const changedOf = async (...engines: readonly Says[]): Promise<string> => {
    const { verdict } = await ask(before, ...engines);
    return verdict.kind === 'refuse' ? verdict.changed : verdict.kind;
  };
  const refusing = { carryOut: refused('nothing', 'central.refused') };
  const unsure = { carryOut: refused('unknown', 'central.refused') };
  const left = { rollBack: 'unknown' } as const;
  assert.equal(await changedOf(refusing, {}), 'nothing');
  assert.equal(await changedOf({}, refusing), 'nothing');
  assert.equal(await changedOf({}, unsure), 'unknown');
  assert.equal(await changedOf(left, refusing), 'unknown');
  assert.equal(await changedOf(left, {}, refusing), 'unknown');
  assert.equal(await changedOf({}, left, refusing), 'unknown');
});

test('what the panel did already is a matter of each engine; problems are told once', async () => {
  const verdictOf = async (...engines: readonly Says[]): Promise<Verdict> =>
    (await ask(after, ...engines)).verdict;
  assert.deepEqual(await verdictOf({}, {}), accept);
  assert.deepEqual(await verdictOf({}, { answer: refused('panel', 'x') }), {
    ...refused('panel'),
    problems: [problem('x', { central: '2' })],
  });
  const both = await verdictOf({ answer: refused('panel', 'x', 'y') }, { answer: refused('panel', 'x') });
  assert.deepEqual(both, {
    ...refused('panel'),
    problems: [problem('x', { central: '1, 2' }), problem('y', { central: '1' })],
  });
  const unsure = { answer: refused('panel-unknown', 'x') };
  assert.equal(JSON.stringify(await verdictOf({}, unsure)).includes('"panel-unknown"'), true);
  const one = await verdictOf({ answer: refused('panel', 'x') }, unsure);
  assert.equal(one.kind === 'refuse' ? one.changed : null, 'panel-unknown');
});

test('what differs is told of each central; the same twice at one central is told once', async () => {
  const [one, other] = [problem('x', { name: 'a' }), problem('x', { name: 'b' })];
  const { verdict } = await ask(
    before,
    { objections: [one, one] },
    { objections: [other] },
    { objections: [one] },
  );
  assert.deepEqual(verdict.kind === 'refuse' ? verdict.problems : null, [
    problem('x', { name: 'a', central: '1, 3' }),
    problem('x', { name: 'b', central: '2' }),
  ]);
});

test('what one engine puts back in the panel is put off while another is out of reach, or has just come', async () => {
  const own: PanelEvent = { kind: 'edits', edits: [edit('before', 'token'), edit('before')] };
  const putOff = async (event: PanelEvent, says: Says): Promise<readonly string[]> =>
    (await ask(event, {}, says)).calls.filter((call) => call.includes('put off'));
  const both = ['1 put off token', '2 put off token'];
  for (const code of ['central.unreachable', 'zone.baseline-running', 'zone.not-known-yet']) {
    assert.deepEqual(await putOff(own, { objections: [problem(code)] }), both, code);
    assert.deepEqual(await putOff(own, { carryOut: refused('nothing', code) }), both, code);
    assert.deepEqual(await putOff(before, { objections: [problem(code)] }), []);
  }
  assert.deepEqual(await putOff(own, { objections: [problem('central.refused')] }), []);
  const mixed = [problem('central.unreachable'), problem('central.refused')];
  assert.deepEqual(await putOff(own, { objections: mixed }), []);
  assert.deepEqual(await putOff(own, {}), []);
});

test('what an engine of former settings puts back is put off too, also beside a single central', async () => {
  const own: PanelEvent = { kind: 'edits', edits: [edit('before', 'token')] };
  const done: PanelEvent = { kind: 'edits', edits: [edit('after', 'token')] };
  const putOff = async (event: PanelEvent, answer: Verdict): Promise<readonly string[]> => {
    const calls: string[] = [];
    const { engine: former } = member(9, calls);
    const several = new Several([member(1, calls, { answer })], () => [former]);
    await several.answer(event, new AbortController().signal);
    return calls.filter((call) => call.includes('put off'));
  };
  const unknown = refused('nothing', 'zone.baseline-running');
  assert.deepEqual(await putOff(own, unknown), ['1 put off token', '9 put off token']);
  assert.deepEqual(await putOff(own, refused('nothing', 'central.refused')), []);
  assert.deepEqual(await putOff(own, accept), []);
  assert.deepEqual(await putOff(done, unknown), []);
});
