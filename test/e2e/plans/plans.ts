/** Tests of `plan`, `apply`, `push`, `pull`, `exclude` and `include`, from the command line to both sides. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Generation } from '../../../sandbox/index.ts';
import { parseAnswer } from '../../../src/app/control/protocol.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, holds } from '../../../src/testing/stage/panel-words.ts';
import { isServerKind, missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../../src/testing/stage/server-stage.ts';
import { makeStage, prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { succeeded } from '../combinations/scene.ts';

/** Zones of both sides, of the panel alone, and of the panel and another account. */
const both = 'both.example';
const left = 'left.example';
const second = 'second.example';
const foreign = 'foreign.example';

interface Pair {
  readonly panel: 'v4' | 'v6';
  readonly central: Generation | ServerKind;
}

/** Registers the tests of one pair. They share one stage and run in the given order. */
export function testPlans({ panel, central }: Pair): void {
  const isServer = isServerKind(central);
  describe(`plans, ${panel} to ${central}`, { skip: isServer ? missingFor(central) : false }, () => {
    let stage: AnyStage;
    before(async () => {
      const made = isServer ? await makeServerStage({ panel, central }) : await makeStage({ panel, central });
      stage = await prepared<AnyStage>(made, prepare);
    });
    after(() => stage.stop());
    const current = (): AnyStage => stage;
    // With signed queries, only names that we know can be read. Only the provider can create zones there.
    recordSteps(current, central !== 'bind');
    zoneSteps(current);
    fileSteps(current);
    // The retries of an unreachable central take some seconds.
    wrongSteps(current, central === 'dnsmgr');
  });
}

async function prepare(stage: AnyStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  for (const zone of [both, left, second, foreign]) succeeded(await atPanel.makeZone(zone));
  await there.makeZones([{ name: both, records: [] }]);
  await there.makeForeignZone(foreign);
  succeeded(await atPanel.save(both, address('mine', '192.0.2.90')));
  await there.add(both, address('theirs', '192.0.2.91'));
  succeeded(await atPanel.save(both, address('odd', '192.0.2.92')));
  await there.add(both, address('odd', '192.0.2.93'));
  succeeded(await atPanel.save(left, address('www', '192.0.2.95')));
  await stage.install();
  stage.configure();
  // The first command starts the agent.
  await until('the first comparison', async () => {
    const { out } = await stage.ended('plan', both);
    return out.includes('changed at the central');
  });
}

async function done(stage: AnyStage, ...args: readonly string[]): Promise<string> {
  const { status, out, err } = await stage.ended(...args);
  assert.equal(status, 0, `${out}\n${err}`);
  return out;
}

/**
 * Excludes or includes a name. The command is refused while an edit is open or may still take effect, so it
 * is repeated.
 */
async function taken(stage: AnyStage, how: 'exclude' | 'include', name: string): Promise<void> {
  await until(`${name}: ${how}`, async () => {
    const { status } = await stage.ended(how, name);
    return status === 0;
  });
}

/** Registers tests about the records of a zone that both sides have. */
function recordSteps(stage: () => AnyStage, isWholeShown: boolean): void {
  test('issue 17, plan: shows like a diff what a push does and what it leaves, and changes nothing', async () => {
    const writes = await stage().there.writes();
    const out = await done(stage(), 'plan', both);
    assert.match(out, /^both\.example: changed at the central$/mu);
    assert.match(out, /^ {2}\+ mine\.both\.example A 192\.0\.2\.90 .*one side only before/mu);
    assert.match(out, /^ {2}! odd\.both\.example A 192\.0\.2\.92 .*only --delete removes them/mu);
    assert.equal(isWholeShown, /theirs\.both\.example /u.test(out));
    assert.equal(await stage().there.writes(), writes);
  });

  test('issue 17, push: needs a yes where nobody can be asked, and does nothing without it', async () => {
    const { status, err } = await stage().ended('push', both);
    assert.equal(status, 1);
    assert.match(err, /--yes/u);
    assert.equal(await stands(stage().there, both, address('mine', '192.0.2.90')), false);
  });

  test('issue 17, push: adds what only the panel has, and removes nothing', async () => {
    const out = await done(stage(), 'push', both, '--yes');
    assert.match(out, /1 zone done\./u);
    assert.ok(await stands(stage().there, both, address('mine', '192.0.2.90')));
    assert.ok(await stands(stage().there, both, address('theirs', '192.0.2.91')));
    assert.ok(await stands(stage().there, both, address('odd', '192.0.2.93')));
    const history = await done(stage(), 'history', '--zone', both, '--latest', '1');
    assert.match(history, /push/u);
  });

  test('issue 17, push --delete: one name becomes what the panel has, and no other', async () => {
    await done(stage(), 'push', `odd.${both}`, '--type', 'a', '--delete', '--yes');
    assert.ok(await stands(stage().there, both, address('odd', '192.0.2.92')));
    assert.equal(await stands(stage().there, both, address('odd', '192.0.2.93')), false);
    assert.ok(await stands(stage().there, both, address('theirs', '192.0.2.91')));
  });

  const pullTest = async (): Promise<void> => {
    const out = await done(stage(), 'pull', both, '--yes');
    assert.match(out, /1 zone done\./u);
    assert.ok(holds(stage().panel, both, address('theirs', '192.0.2.91')));
    assert.ok(holds(stage().panel, both, address('mine', '192.0.2.90')));
    const again = await done(stage(), 'plan', both, '--pull', '--delete');
    assert.match(again, /Nothing to do\./u);
  };
  if (isWholeShown) test('issue 17, pull: the panel gets what only the central has', pullTest);

  test('issue 17, exclude: edits of an excluded record stay in the panel until it is included', async () => {
    await taken(stage(), 'exclude', `mine.${both}`);
    succeeded(await stage().atPanel.remove(both, address('mine', '192.0.2.90')));
    assert.ok(await stands(stage().there, both, address('mine', '192.0.2.90')));
    await taken(stage(), 'include', `mine.${both}`);
    assert.ok(await stands(stage().there, both, address('mine', '192.0.2.90')));
  });
}

/** Registers tests about zones that only the panel has. */
function zoneSteps(stage: () => AnyStage): void {
  test('issue 17, push: a zone that only the panel has is made with its content, and then follows', async () => {
    const { there, atPanel } = stage();
    if (!there.makesZones) {
      assert.match(await done(stage(), 'push', left, '--yes'), /only the provider creates zones/u);
      await there.makeZones([{ name: left, records: [] }]);
    }
    await done(stage(), 'push', left, '--yes');
    assert.ok(await stands(there, left, address('www', '192.0.2.95')));
    succeeded(await atPanel.save(left, address('shop', '192.0.2.96')));
    assert.ok(await stands(there, left, address('shop', '192.0.2.96')));
    assert.match(await done(stage(), 'push', left, '--yes'), /Nothing to do\./u);
  });

  test('issue 17, push: a zone of another account is said to be so', async () => {
    const { status, out } = await stage().ended('push', foreign, '--yes');
    if (!stage().there.makesZones) return;
    assert.equal(status, 1);
    assert.match(
      out,
      /foreign\.example: refused\n {2}The domain foreign\.example\.? belongs to another account/u,
    );
  });

  test('issue 17, exclude: an excluded zone is left alone by every plan', async () => {
    await taken(stage(), 'exclude', left);
    assert.match(await done(stage(), 'plan', left), /excluded; "domainsync include" takes it back/u);
    succeeded(await stage().atPanel.save(left, address('private', '192.0.2.97')));
    assert.equal(await stands(stage().there, left, address('private', '192.0.2.97')), false);
    await taken(stage(), 'include', left);
    await until('its comparison', async () =>
      /private\.left\.example /u.test(await done(stage(), 'plan', left)),
    );
    assert.equal(await stands(stage().there, left, address('private', '192.0.2.97')), false);
  });
}

/** Registers tests of plan files. */
function fileSteps(stage: () => AnyStage): void {
  const fileOf = (name: string): string => join(stage().directory, name);

  test('issue 17, apply: a file is applied exactly, once and again', async () => {
    if (!stage().there.makesZones) await stage().there.makeZones([{ name: second, records: [] }]);
    const file = fileOf('second.plan');
    await done(stage(), 'plan', second, left, '--out', file);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(await done(stage(), 'apply', file), /2 zones done\./u);
    assert.ok(await stands(stage().there, left, address('private', '192.0.2.97')));
    assert.match(await done(stage(), 'apply', file), /2 zones done\./u);
  });

  test('issue 17, apply: what changed since is told, and nothing is done', async () => {
    const file = fileOf('old.plan');
    await taken(stage(), 'exclude', second);
    succeeded(await stage().atPanel.save(second, address('one', '192.0.2.41')));
    await taken(stage(), 'include', second);
    await until('its comparison', async () => /one\.second/u.test(await done(stage(), 'plan', second)));
    await done(stage(), 'plan', second, '--out', file);
    await taken(stage(), 'exclude', second);
    succeeded(await stage().atPanel.save(second, address('two', '192.0.2.42')));
    await taken(stage(), 'include', second);
    await until('its comparison', async () => /two\.second/u.test(await done(stage(), 'plan', second)));
    const writes = await stage().there.writes();
    const { status, err } = await stage().ended('apply', file);
    assert.equal(status, 1);
    assert.match(err, /Changed since the plan was made/u);
    assert.match(err, /two\.second\.example /u);
    assert.equal(await stage().there.writes(), writes);
  });

  test('issue 17, apply: a plan that somebody changed, or of another host, is refused', async () => {
    const file = fileOf('old.plan');
    const text = readFileSync(file, 'utf8');
    const wrong = {
      'changed.plan': text.replace('192.0.2.41', '192.0.2.66'),
      'cut.plan': text.slice(0, text.length / 2),
      'more.plan': `${text}${text.split('\n')[1] ?? ''}\n`,
      'none.plan': 'no plan\n',
      'empty.plan': '',
    };
    const writes = await stage().there.writes();
    for (const [name, content] of Object.entries(wrong)) {
      writeFileSync(fileOf(name), content);
      const { status, err } = await stage().ended('apply', fileOf(name));
      assert.equal(status, 1, name);
      assert.match(err, /Make a new one with "domainsync plan"/u, name);
    }
    assert.equal(await stage().there.writes(), writes);
  });

  test('issue 17, plan: a file that exists stays, and a page for a browser is whole', async () => {
    const file = fileOf('old.plan');
    const was = readFileSync(file, 'utf8');
    assert.equal((await stage().ended('plan', second, '--out', file)).status, 1);
    assert.equal(readFileSync(file, 'utf8'), was);
    assert.equal((await stage().ended('plan', second, '--out', fileOf('none/x'))).status, 1);
    assert.equal(existsSync(fileOf('none')), false);
    const page = await done(stage(), 'plan', second, '--html');
    assert.match(page, /^<!DOCTYPE html>/u);
    assert.match(page, /<span class="add">\+ two\.second\.example /u);
    assert.doesNotMatch(page, /src=|href=/u);
  });
}

/** Registers tests of wrong usage and of failures. */
function wrongSteps(stage: () => AnyStage, isDownTried: boolean): void {
  test('issue 17, plan: what is unknown or wrong is told, all at once', async () => {
    const { status, err } = await stage().ended('plan', both, 'nowhere.example', 'a..b');
    assert.equal(status, 1);
    assert.match(err, /nowhere\.example/u);
    assert.match(err, /a\.\.b/u);
    for (const args of [['plan'], ['push', '--all', both], ['pull', '--all', '--type', 'A']])
      assert.equal((await stage().ended(...args)).status, 2, args.join(' '));
  });

  const downTest = async (): Promise<void> => {
    await stage().there.down();
    try {
      const { status, out, err } = await stage().ended('--json', 'plan', both);
      assert.equal(status, 1, out);
      assert.match(err, /central/u);
    } finally {
      await stage().there.up();
    }
    await until('the central is back', async () => (await stage().ended('plan', both)).status === 0);
  };
  if (isDownTried)
    test('issue 17, push: a central that is down fails in words, and nothing is begun', downTest);

  test('issue 17, plan --json: can be read by programs', async () => {
    const value: unknown = JSON.parse(await done(stage(), '--json', 'plan', '--all'));
    assert.ok(typeof value === 'object' && value !== null && 'plans' in value);
    const plans = parseAnswer('plan', value.plans);
    assert.deepEqual(
      plans.map(({ zone }) => zone),
      [both, foreign, left, second].map((zone) => `${zone}.`),
    );
  });
}
