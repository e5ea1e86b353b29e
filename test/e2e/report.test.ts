/**
 * Issue 16, report: plants secrets and names in the settings, in the log and on both sides. The report of
 * `domainsync report` must never show the secrets. With `--anonymous`, it must not show the names either.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { pathsOf } from '../../src/app/paths.ts';
import { settingsPath } from '../../src/config/settings.ts';
import { agreed } from '../../src/testing/stage/central-side.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import {
  account,
  customer,
  endProcess,
  makeStage,
  until,
  type Stage,
} from '../../src/testing/stage/stage.ts';

const zone = 'geheimzone.example';

const planted = {
  next: 'pl4nted;next#word',
  hook: 'pl4nted-hook-0123456789',
  path: 'pl4nted-path-of-hook',
  comment: 'pl4nted-in-a-comment',
  typo: 'pl4nted-mistyped',
} as const;

/** Names and addresses that must not be in a report without names. */
const names = [
  'geheimzone',
  'example',
  'hansrecord',
  'mustermann',
  account.name,
  customer.name,
  '192.0.2.',
  '203.0.113.77',
  '2001:db8:77::1',
  '127.0.0.1',
];

/** Writes the settings with planted secrets, and lines of the log with secrets and names. */
function plant(stage: Stage): void {
  stage.configure({ password_next: planted.next });
  appendFileSync(
    settingsPath(stage.panel.root),
    [
      `# password = ${planted.comment}`,
      '[notify]',
      `webhook = https://hooks.mustermann.example/${planted.path}`,
      `webhook_secret = ${planted.hook}`,
      'webhook_inside = 203.0.113.77',
      '[contact]',
      `pasword = ${planted.typo}`,
      'support = Herr Mustermann, 2001:db8:77::1',
      '',
    ].join('\n'),
  );
}

function plantInLog(stage: Stage): void {
  const { log } = pathsOf(stage.panel.root);
  const texts = [account.password, ...Object.values(planted)];
  const line = (event: string, text: string): string =>
    `2026-11-29T10:00:00.000Z error ${event} zone=${zone}. user=mustermann error=${JSON.stringify(text)}\n`;
  for (const text of texts) {
    appendFileSync(log, line('central.call', `the central said: ${text} of Mustermann at 203.0.113.77`));
    appendFileSync(log, line('central.call', `POST authinfo=x%3A${encodeURIComponent(text)}`));
    appendFileSync(
      log,
      line('central.call', `Basic ${Buffer.from(`mustermann:${text}`).toString('base64')}`),
    );
    appendFileSync(log, `stray ${text} Mustermann\n`);
  }
}

async function reportOf(stage: Stage, name: string, ...more: readonly string[]): Promise<string> {
  const file = join(stage.directory, name);
  await stage.domainsync('report', '--out', file, ...more);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  return readFileSync(file, 'utf8');
}

function isWhole(text: string): void {
  for (const part of ['versions', 'settings', 'doctor', 'status', 'history', 'log', 'end'])
    assert.match(text, new RegExp(`^== ${part}$`, 'mu'));
  assert.doesNotMatch(text, /could not be found out/u);
  assert.match(text, /^== versions\ndomainsync \d/mu);
  assert.match(text, /^(?:ok|note|warning|problem) +(?:runtime|host|central)/mu);
  assert.match(text, /"code":"central\.refused"/u);
}

/** Asserts that the text contains none of these words, in any spelling. */
function holdsNone(text: string, words: readonly string[]): void {
  for (const word of words) {
    for (const spelling of [word, encodeURIComponent(word), JSON.stringify(word).slice(1, -1)]) {
      const at = text.toLowerCase().indexOf(spelling.toLowerCase());
      assert.ok(at < 0, `${word}: ${text.slice(Math.max(0, at - 100), at + 100)}`);
    }
  }
}

for (const generation of ['v4', 'v6'] as const) {
  test(`issue 16, report: no secret in it, and no name if that is wanted, ${generation}`, async (t) => {
    const stage = await makeStage({ panel: generation, central: generation });
    t.after(() => stage.stop());
    await stage.install();
    plant(stage);
    await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
    await until('its content at the central', () => agreed(stage, zone));
    assert.ok((await stage.atPanel.save(zone, address('hansrecord', '192.0.2.5'))).ok);
    const said = `no room for ${account.password} of Mustermann at 203.0.113.77`;
    const func = generation === 'v4' ? 'domain.sublist.edit' : 'domain.record.edit';
    stage.central.faults.add({ func, effect: 'refuse', code: 1, text: said });
    assert.ok(!(await stage.atPanel.save(zone, address('hansrecord2', '192.0.2.6'))).ok);
    plantInLog(stage);

    const secrets = [...stage.secrets, ...Object.values(planted)];
    const named = await reportOf(stage, 'named.txt');
    isWhole(named);
    holdsNone(named, secrets);
    for (const shown of [zone, 'hansrecord', account.name, 'of Mustermann'])
      assert.ok(named.includes(shown), shown);
    const hidden = await reportOf(stage, 'hidden.txt', '--anonymous');
    isWhole(hidden);
    holdsNone(hidden, [...secrets, ...names, basename(stage.directory)]);
    assert.match(hidden, /\[isp_master\] username = user-\d/u);
    assert.match(hidden, /"name":"n\d+\.n\d+\.n\d+\.","type":"A"/u);
    assert.match(hidden, /error central\.call zone=n\d+\.n\d+\. user=user-\d/u);

    const pid = await stage.agent();
    assert.ok(pid !== null);
    await endProcess(pid);
    const without = await reportOf(stage, 'without.txt', '--anonymous');
    isWhole(without);
    holdsNone(without, [...secrets, ...names, basename(stage.directory)]);
    // The account appears in both reports, each with pseudonyms of its own.
    await assert.rejects(
      stage.domainsync('report', '--out', join(stage.directory, 'named.txt')),
      /exists already/u,
    );
    assert.equal(readFileSync(join(stage.directory, 'named.txt'), 'utf8'), named);
  });
}

test('issue 16, report: where nothing is set up, and where the settings are broken', async (t) => {
  const stage = await makeStage({ panel: 'v6', central: 'v6' });
  t.after(() => stage.stop());
  const nothing = await reportOf(stage, 'nothing.txt');
  assert.match(nothing, /^== end$/mu);
  await stage.install();
  plant(stage);
  const path = settingsPath(stage.panel.root);
  writeFileSync(path, `${readFileSync(path, 'utf8')}${planted.comment} stands alone\n[sync]\ngrace = soon\n`);
  const broken = await reportOf(stage, 'broken.txt');
  assert.match(broken, /grace must be a whole number/u);
  holdsNone(broken, [...stage.secrets, ...Object.values(planted)]);
  const json: unknown = JSON.parse(
    await stage.domainsync('--json', 'report', '--anonymous', '--out', join(stage.directory, 'json.txt')),
  );
  assert.partialDeepStrictEqual(json, { anonymous: true, file: join(stage.directory, 'json.txt') });
});
