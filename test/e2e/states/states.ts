/** Tests that `status` reports each state, and that it exits with 3 for each reason for attention. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Generation } from '../../../sandbox/index.ts';
import { parseAnswer } from '../../../src/app/control/protocol.ts';
import type { RecordState } from '../../../src/core/ledger.ts';
import { saveSettings } from '../../../src/config/settings.ts';
import { freePort } from '../../../src/testing/servers/process.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, holds } from '../../../src/testing/stage/panel-words.ts';
import { isServerKind, missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../../src/testing/stage/server-stage.ts';
import { makeStage, prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled, succeeded } from '../combinations/scene.ts';
import { clockReasonSteps } from './clock-reasons.ts';
import { doubtReasonSteps } from './doubt-reasons.ts';
import { historySteps } from './history-states.ts';
import { journalReasonSteps } from './journal-reasons.ts';
import { startReasonSteps } from './start-reasons.ts';
import { both, endAgent, isWell, mayFollow, tells, told } from './told.ts';

/** A zone that only the panel has, and a zone of another account. */
const left = 'left.example';
const foreign = 'foreign.example';

interface Pair {
  readonly panel: 'v4' | 'v6';
  readonly central: Generation | ServerKind;
}

/** Registers the tests for one pair of panel and central. They share one stage and run in the given order. */
export function testStates({ panel, central }: Pair): void {
  const isServer = isServerKind(central);
  describe(`states, ${panel} to ${central}`, { skip: isServer ? missingFor(central) : false }, () => {
    let stage: AnyStage;
    before(async () => {
      const made = isServer ? await makeServerStage({ panel, central }) : await makeStage({ panel, central });
      stage = await prepared<AnyStage>(made, prepare);
    });
    after(() => stage.stop());
    const current = (): AnyStage => stage;
    // Signed queries show only the names that domainsync asks for.
    zoneSteps(current, central !== 'bind');
    historySteps(current, { left, foreign });
    reasonSteps(current);
    startReasonSteps(current);
    clockReasonSteps(current, central === 'bind');
    doubtReasonSteps(current);
    journalReasonSteps(current);
  });
}

async function prepare(stage: AnyStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@', 'www'], defaultMxRecords: false, defaultSpf: false });
  for (const zone of [both, left, foreign]) succeeded(await atPanel.makeZone(zone));
  await there.makeZones([{ name: both, records: [] }]);
  await there.makeForeignZone(foreign);
  succeeded(await atPanel.save(both, address('mine', '192.0.2.90')));
  await there.add(both, address('theirs', '192.0.2.91'));
  succeeded(await atPanel.save(both, address('odd', '192.0.2.92')));
  await there.add(both, address('odd', '192.0.2.93'));
  await stage.install();
  stage.configure();
  await until(
    'the first comparison',
    async () => (await atPanel.save(both, address('new', '192.0.2.94'))).ok,
  );
  await until('its end', async () => ((await stage.status())?.engine?.baselineAt ?? null) !== null);
  // Only a confirmed edit makes its record synced.
  await settled(stage);
}

/**
 * Registers the steps about zones. @param whole whether the central shows records that domainsync does not
 * know
 */
function zoneSteps(stage: () => AnyStage, whole: boolean): void {
  test('zones: how many records are where, what needs a person first', async () => {
    const { out } = await stage().ended('zones');
    const lines = out.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^ZONE +STATE +SINCE +SYNCED +PANEL +CENTRAL +CONFLICT +NOTE$/u);
    // Zones with conflicts come first, then zones that are left to the panel.
    assert.match(lines[1] ?? '', /^both\.example +synced +\S+ \S+ +\d+ +\d+ +\d+ +[1-9]\d* since \d{4}-/u);
    assert.ok(
      lines.some((line) => /^left\.example +panel-only /u.test(line)),
      out,
    );
    assert.ok(
      lines.some((line) => /^foreign\.example +(foreign|panel-only) /u.test(line)),
      out,
    );
    const chosen = await stage().ended('zones', '--state', 'conflict');
    assert.match(chosen.out, /\nboth\.example [^\n]*\n$/u);
    const listed = await stage().ended('--json', 'zones', '--state', 'synced');
    const zones = parseAnswer('zones', JSON.parse(listed.out));
    assert.deepEqual(
      zones.map(({ zone }) => zone),
      [`${both}.`],
    );
    const { records = {}, conflictSince = null } = zones[0] ?? {};
    const count = (state: RecordState): number => records[state] ?? 0;
    assert.ok(count('synced') >= 1 && count('panel-only') >= 1 && count('conflict') >= 2, listed.out);
    assert.equal(count('central-only') >= 1, whole, listed.out);
    assert.ok(conflictSince !== null);
    const there = await stage().ended('--json', 'zones', '--state', 'central-only');
    assert.equal(parseAnswer('zones', JSON.parse(there.out)).length, whole ? 1 : 0);
  });

  test('zone: the records of a zone that is left to the panel, as the panel shows them', async () => {
    const { out } = await stage().ended('zone', left);
    assert.match(out, /^left\.example: panel-only\n(DNSSEC.*\n)*Edits of this zone stay in the panel\./u);
    assert.match(out, /^yes +- +panel-only +www\.left\.example A /mu);
    succeeded(await stage().atPanel.save(left, address('fresh', '192.0.2.44')));
    assert.match((await stage().ended('zone', left)).out, /fresh\.left\.example A 192\.0\.2\.44/u);
    assert.equal((await stage().ended('zone', 'nowhere.example')).status, 1);
  });
}

function reasonSteps(stage: () => AnyStage): void {
  test('all is well: 0, no reason', async () => {
    await settled(stage());
    assert.deepEqual((await told(stage())).codes, []);
    assert.equal((await stage().ended('status')).status, 0);
  });

  test('conflicts above the limit of the settings', async () => {
    saveSettings(stage().panel.root, { status: { conflicts: '0' } });
    const { since, params } = await tells(stage(), 'attention.conflicts');
    assert.ok(since !== null && Number(params['count']) >= 2);
    saveSettings(stage().panel.root, { status: { conflicts: null } });
    await isWell(stage());
  });

  test('the central is down: since when, and when it last answered; also when no agent runs any more', async () => {
    await stage().there.down();
    await until('an edit to be refused at once', async () => {
      const { ok, error } = await stage().atPanel.save(both, address('down', '192.0.2.50'));
      return !ok && (error?.text ?? '').includes('central.breaker-open');
    });
    const { central, since, params } = await tells(stage(), 'attention.central-unreachable');
    assert.ok(central === 1 && since !== null && params['lastSuccess'] !== undefined);
    assert.ok(Date.parse(params['lastSuccess']) <= since);
    await endAgent(stage());
    const without = await told(stage());
    assert.deepEqual(
      [without.status, without.codes.filter((code) => !mayFollow(code))],
      [1, ['attention.agent-not-running', 'attention.central-unreachable']],
    );
    assert.deepEqual(without.report.attention[1]?.since, since);
    await stage().there.up();
    await until('edits to pass again', async () => {
      const answer = await stage().atPanel.save(both, address('up', '192.0.2.51'));
      return answer.ok || holds(stage().panel, both, address('up', '192.0.2.51'));
    });
    await settled(stage());
    await isWell(stage());
  });

  test('a login that the central refuses: the settings are not in force', async () => {
    stage().configure({ password: Buffer.from('wrong').toString('base64') });
    const { params } = await tells(stage(), 'attention.settings-not-in-force');
    assert.equal(params['code'], 'central.login');
    stage().configure();
    await isWell(stage());
  });

  test('name servers that do not serve an edit in time', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    saveSettings(stage().panel.root, { verify: { servers: nobody, limit: '1' } });
    await until('an edit by these settings', async () => {
      succeeded(await stage().atPanel.save(both, address(`behind-${Date.now()}`, '192.0.2.60')));
      return (await stage().status())?.fromAgent?.verify?.servers.includes(nobody) === true;
    });
    succeeded(await stage().atPanel.save(both, address('behind', '192.0.2.61')));
    const { since, params } = await tells(stage(), 'attention.name-servers-behind');
    assert.ok(since !== null);
    assert.equal(params['servers'], nobody);
    saveSettings(stage().panel.root, { verify: { servers: null, limit: null } });
    await isWell(stage());
  });

  test('a comparison that cannot begin', async () => {
    const { panel } = stage();
    panel.faults.add({ func: 'domain', via: 'any', count: null, effect: 'refuse', code: 1, text: 'busy' });
    await stage().ended('compare');
    const { since, params } = await tells(stage(), 'attention.comparison-failing');
    assert.ok(since !== null);
    assert.match(params['code'] ?? '', /^panel\./u);
    panel.faults.clear();
    await isWell(stage());
  });

  test('the plugin’s files are not as installed', async () => {
    const { panel } = stage();
    const handler = join(panel.root, 'addon/domainsync');
    renameSync(handler, `${handler}.gone`);
    const { params } = await tells(stage(), 'attention.plugin-files');
    assert.match(params['text'] ?? '', /missing: .*addon\/domainsync/u);
    renameSync(`${handler}.gone`, handler);
    await isWell(stage());
  });

  test('DNS forms that change zones without a call: a panel update dropped the handlers', async () => {
    const { atPanel, there } = stage();
    await settled(stage());
    const restore = withoutHandlers(stage());
    const reason = 'attention.no-hook-calls';
    let silent = 0;
    for (; ; silent += 1) {
      const { codes } = await told(stage());
      if (codes.includes(reason)) break;
      // One such change, or several at once, may come from a restore or an import. So they are no reason for
      // attention yet.
      assert.deepEqual(codes, []);
      // Some comparisons that find such a change do not count, because an earlier step has made a pause. So
      // more changes than usual may be needed.
      assert.ok(silent < 8);
      const record = address(`silent-${silent}`, `192.0.2.${70 + silent}`);
      succeeded(await atPanel.save(both, record));
      await stage().ended('compare');
      await until('the comparison to find it', async () => await stands(there, both, record));
    }
    assert.ok(silent >= 3);
    const { since, params } = await tells(stage(), reason);
    assert.ok(since !== null);
    assert.equal(params['zone'], both);
    restore();
    succeeded(await atPanel.save(both, address('heard', '192.0.2.79')));
    await isWell(stage());
  });
}

/**
 * Makes the panel run without our handlers although their files exist, as after an update whose panel reads
 * another list.
 * @returns a function that restores the handlers
 */
function withoutHandlers({ panel, atPanel }: AnyStage): () => void {
  const later = atPanel.words.hasTtl;
  const path = join(
    panel.root,
    later ? 'etc/xml/ispmgr_mod_domainsync.xml' : 'etc/ispmgr_mod_domainsync.xml',
  );
  const whole = readFileSync(path, 'utf8');
  const restart = (): void => {
    rmSync(join(panel.root, 'var/.xmlcache'), { recursive: true, force: true });
    panel.restartPanel();
  };
  rmSync(path);
  restart();
  writeFileSync(path, whole);
  return restart;
}
