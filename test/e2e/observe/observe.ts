/**
 * Tests a panel on which domainsync only observes. Edits succeed, the central does not change, and the
 * history reports the edits.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Generation } from '../../../sandbox/index.ts';
import { parseAnswer, type StatusReport } from '../../../src/app/control/protocol.ts';
import { pathsOf } from '../../../src/app/paths.ts';
import { stands, type Held } from '../../../src/testing/stage/central-side.ts';
import { address, holds, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import { isServerKind, missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../../src/testing/stage/server-stage.ts';
import { endProcess, makeStage, prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled, succeeded } from '../combinations/scene.ts';
import { isWell, tells } from '../states/told.ts';

/** A zone of both sides, one of the panel alone, and one that a user makes while domainsync observes. */
const both = 'both.example';
const left = 'left.example';
const fresh = 'fresh.example';

interface Pair {
  readonly panel: 'v4' | 'v6';
  readonly central: Generation | ServerKind;
}

type Entry = Awaited<ReturnType<typeof observed>>[number];

/** Registers the tests of one pair. They share one stage and run in the given order. */
export function testObserving({ panel, central }: Pair): void {
  const isServer = isServerKind(central);
  describe(`observing, ${panel} to ${central}`, { skip: isServer ? missingFor(central) : false }, () => {
    let stage: AnyStage;
    before(async () => {
      const made = isServer ? await makeServerStage({ panel, central }) : await makeStage({ panel, central });
      stage = await prepared<AnyStage>(made, prepare);
    });
    after(() => stage.stop());
    observingSteps(() => stage);
    switchingSteps(() => stage);
  });
}

async function prepare(stage: AnyStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  for (const zone of [both, left]) succeeded(await atPanel.makeZone(zone));
  await there.makeZones([{ name: both, records: [] }]);
  for (const record of [shop, mail]) {
    succeeded(await atPanel.save(both, record));
    await there.add(both, record);
  }
  await there.add(both, theirs);
  await stage.install();
  stage.configure({}, { mode: 'observe' });
  // The first edit starts the agent. It succeeds even if the agent has not read anything yet.
  succeeded(await atPanel.save(left, address('first', '192.0.2.9')));
  await until('the first comparison, and the owners', async () => {
    const { engine = null, fromAgent = null } = (await stage.status()) ?? {};
    return engine !== null && engine.baselineAt !== null && (fromAgent?.owners.readAt ?? null) !== null;
  });
}

const shop = address('shop', '192.0.2.10');
const mail = address('mail', '192.0.2.11');
const theirs = address('theirs', '192.0.2.12');

/** Everything at the central that a write would change. */
async function truth({ there }: AnyStage): Promise<readonly [number, readonly Held[] | null, boolean]> {
  return [await there.writes(), await there.held(both), await there.hasZone(fresh)];
}

async function observed(stage: AnyStage, ...args: readonly string[]): Promise<Decided[]> {
  const words = ['--json', 'history', '--outcome', 'observed', ...args];
  const { entries } = parseAnswer('history', {
    entries: JSON.parse(await stage.domainsync(...words)),
    next: null,
  });
  return entries.filter((entry) => entry.kind === 'call');
}

type Decided = Extract<
  ReturnType<typeof parseAnswer<'history'>>['entries'][number],
  { readonly kind: 'call' }
>;

/** The newest observed edit of this name, once it is judged and the panel has reported it. */
async function judged(stage: AnyStage, name: string, isFound: (entry: Entry) => boolean): Promise<Entry> {
  let found: Entry | undefined;
  await until(`what would have been done with ${name}`, async () => {
    [found] = await observed(stage, name === fresh ? '--zone' : '--name', name);
    return found !== undefined && isFound(found);
  });
  assert.ok(found !== undefined);
  return found;
}

async function reported(stage: AnyStage): Promise<StatusReport> {
  return parseAnswer('status', JSON.parse(await stage.domainsync('--json', 'status')));
}

function observingSteps(stage: () => AnyStage): void {
  test('issue 17, observe: edits pass, the central stays as it is, and history tells what would be', async () => {
    const { panel, atPanel } = stage();
    const earlier = await truth(stage());
    succeeded(await atPanel.change(both, shop, { ...shop, value: '192.0.2.20' }));
    const changed = await judged(
      stage(),
      `shop.${both}`,
      ({ observed: found }) => found?.would === 'both-sides',
    );
    const { remove = [], add = [] } = changed.observed ?? {};
    assert.deepEqual(
      [remove.map(({ rdata }) => rdata), add.map(({ rdata }) => rdata)],
      [['192.0.2.10'], ['192.0.2.20']],
    );
    const alias: Wanted = { name: 'theirs', type: 'CNAME', value: 'other.example.' };
    succeeded(await atPanel.save(both, alias));
    const refused = await judged(
      stage(),
      `theirs.${both}`,
      ({ observed: found }) => found?.would === 'refused',
    );
    assert.deepEqual(refused.why, ['record.cname-clash']);
    succeeded(await atPanel.save(left, address('new', '192.0.2.21')));
    const stays = await judged(
      stage(),
      `new.${left}`,
      ({ observed: found }) => found?.would === 'panel-only',
    );
    assert.deepEqual(stays.why, ['note.left-panel-only']);
    succeeded(await atPanel.remove(both, mail));
    await judged(stage(), `mail.${both}`, ({ observed: found }) => found?.would === 'both-sides');
    for (const [record, isThere] of [
      [{ ...shop, value: '192.0.2.20' }, true],
      [alias, true],
      [mail, false],
    ] as const)
      assert.equal(holds(panel, both, record), isThere);
    assert.deepEqual(await truth(stage()), earlier);
    const shown = await stage().domainsync('show', changed.id);
    assert.match(shown, /^outcome {4}observed, would go to both sides$/mu);
    assert.match(shown, /^would add {2}shop\.both\.example A 192\.0\.2\.20$/mu);
    assert.match(shown, /^would take shop\.both\.example A 192\.0\.2\.10$/mu);
  });

  test('issue 17, observe: zones come and go in the panel only', async () => {
    const { atPanel, there } = stage();
    const earlier = await truth(stage());
    succeeded(await atPanel.makeZone(fresh));
    const made = await judged(
      stage(),
      fresh,
      ({ observed: found }) => (found?.would ?? 'unclear') !== 'unclear',
    );
    assert.deepEqual(
      [made.observed?.would, made.why],
      there.makesZones ? ['both-sides', []] : ['refused', ['zone.create-there-first']],
    );
    succeeded(await atPanel.dropZone(fresh));
    await until('the delete', async () => (await observed(stage(), '--zone', fresh)).length > 1);
    assert.deepEqual(await truth(stage()), earlier);
  });

  test('issue 17, observe: status says so, and it is no reason to look', async () => {
    const report = await reported(stage());
    const [central] = report.centrals;
    assert.deepEqual(report.attention, []);
    const { since = null, edits = 0, refused = 0 } = central?.observing ?? {};
    assert.ok(since !== null && edits >= 5 && refused >= 1, JSON.stringify(central?.observing));
    assert.match(await stage().domainsync('status'), /^observing .*: nothing is refused or written$/mu);
    const table = await stage().domainsync('history', '--outcome', 'observed');
    assert.match(table, /observed, would be refused .*\[record\.cname-clash\]/u);
    await assert.rejects(stage().domainsync('compare', both, '--follow'), /only observes/u);
  });

  test('issue 17, observe: a central that is down, or an agent that was killed, refuses nothing', async () => {
    const { atPanel, there, panel } = stage();
    await there.down();
    succeeded(await atPanel.save(both, address('down', '192.0.2.30')));
    succeeded(await atPanel.save(both, address('down', '192.0.2.31')));
    const refused = await judged(
      stage(),
      `down.${both}`,
      ({ observed: found }) => found?.would === 'refused',
    );
    assert.match(refused.why[0] ?? '', /^central\./u);
    const { central, since, params } = await tells(stage(), 'attention.observing-blind');
    assert.ok(central === 1 && since !== null);
    assert.equal(params['code'], 'central.unreachable');
    await there.up();
    await isWell(stage());
    const pid = await stage().agent();
    assert.ok(pid !== null);
    await endProcess(pid, 'SIGKILL');
    succeeded(await atPanel.save(both, address('killed', '192.0.2.32')));
    assert.ok(holds(panel, both, address('killed', '192.0.2.32')));
    assert.ok(!(await stands(there, both, address('killed', '192.0.2.32'))));
  });

  test('issue 17, observe: settings with a mistake refuse nothing either', async () => {
    const { atPanel } = stage();
    stage().configure({}, { mode: 'observe', deadline: 'soon' });
    await until('the mistake to be seen', async () => (await reported(stage())).pending.length > 0);
    succeeded(await atPanel.save(both, address('mistake', '192.0.2.33')));
    stage().configure({}, { mode: 'observe', deadline: '10' });
    await until('it to be gone', async () => (await reported(stage())).pending.length === 0);
  });
}

function switchingSteps(stage: () => AnyStage): void {
  test('issue 17, observe: strict begins with a first comparison; then edits go to both sides', async () => {
    const { atPanel, there, panel } = stage();
    const earlier = await truth(stage());
    stage().configure({}, { mode: 'strict' });
    const record = address('strict', '192.0.2.40');
    await until('an edit to be sent', async () => {
      const { ok } = await atPanel.save(both, record);
      return ok || holds(panel, both, record);
    });
    await until('it at the central', async () => await stands(there, both, record));
    await settled(stage());
    const { centrals } = await reported(stage());
    assert.equal(centrals[0]?.observing, null);
    assert.ok(!existsSync(pathsOf(panel.root).observing));
    // Records that were edited during the observing stay as they are on both sides.
    const held = (await there.held(both)) ?? [];
    assert.deepEqual(
      held.filter(({ name }) => name !== `strict.${both}.`),
      earlier[1],
    );
    assert.ok(await stands(there, both, mail));
    const { ok, error } = await atPanel.save(both, { name: 'strict', type: 'CNAME', value: 'x.example.' });
    assert.ok(!ok && error !== null);
  });

  test('issue 17, observe: back again, what was under way has ended and nothing more is written', async () => {
    const { atPanel, there } = stage();
    succeeded(await atPanel.save(both, address('last', '192.0.2.41')));
    stage().configure({}, { mode: 'observe' });
    await until('the mode', async () => (await reported(stage())).centrals[0]?.observing?.since !== null);
    await settled(stage());
    assert.ok(await stands(there, both, address('last', '192.0.2.41')));
    const earlier = await truth(stage());
    succeeded(await atPanel.save(both, address('after', '192.0.2.42')));
    await judged(stage(), `after.${both}`, ({ observed: found }) => found?.would === 'both-sides');
    assert.deepEqual(await truth(stage()), earlier);
  });
}
