/**
 * Tests plans and exports: on a full disk, and with characters that a terminal or a browser would interpret.
 * Also tests a plan file that somebody changed by hand.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fillDisk, mountSmallDisk } from '../../../src/testing/small-disk.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import { missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../../src/testing/stage/server-stage.ts';
import { prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { succeeded } from '../combinations/scene.ts';

const zone = 'written.example';
const www = address('www', '192.0.2.60');
/** Texts that a terminal or a browser would interpret. */
const [turned, markup] = ['\\027[2Jred', '<script>alert(1)</script>&amp;'];
const texts: readonly Wanted[] = [
  { name: 'turned', type: 'TXT', value: turned },
  { name: 'markup', type: 'TXT', value: markup },
];

/** Registers the tests of one pair. They share one stage and run in the given order. */
export function testOutputs({ panel, central }: { panel: 'v4' | 'v6'; central: ServerKind }): void {
  describe(`what plans write, ${panel} to ${central}`, { skip: missingFor(central) }, () => {
    let stage: AnyStage;
    before(async () => {
      stage = await prepared<AnyStage>(await makeServerStage({ panel, central }), prepare);
    });
    after(() => stage.stop());
    diskSteps(() => stage);
    textSteps(() => stage);
    fileSteps(() => stage);
  });
}

async function prepare(stage: AnyStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  succeeded(await atPanel.makeZone(zone));
  for (const record of [www, ...texts]) succeeded(await atPanel.save(zone, record));
  await there.makeZones([{ name: zone, records: [] }]);
  await stage.install();
  stage.configure();
  await until('the first comparison', async () => / TXT /u.test((await stage.ended('plan', zone)).out));
}

/**
 * Control characters other than line breaks; and characters that are invisible or change the writing
 * direction.
 */
const obeyed = /[^\P{Cc}\n]|\p{Cf}/u;

function diskSteps(stage: () => AnyStage): void {
  test('issue 17, full disk: plan, report and export say so, and leave no part of a file', async (t) => {
    const disk = diskOf(t, stage());
    if (disk === null) {
      t.skip('only root may mount a small file system');
      return;
    }
    for (const [words, file] of [
      [['plan', zone, '--out', join(disk, 'first.plan')], 'first.plan'],
      [['report', '--out', join(disk, 'report.txt')], 'report.txt'],
      [['export', '--all', join(disk, 'zones')], `${zone}.zone`],
    ] as const) {
      const { status, out, err } = await stage().ended(...words);
      assert.equal(status, 1, `${out}\n${err}`);
      assert.ok(err.includes(file) && /cannot be written.*(?:disk is full|ENOSPC)/u.test(err), err);
      assert.doesNotMatch(err, /\n {4}at /u);
      assert.deepEqual(readdirSync(disk).sort(), ['somebody-elses-file', 'zones']);
      assert.deepEqual(readdirSync(join(disk, 'zones')), []);
    }
    rmSync(join(disk, 'somebody-elses-file'));
    assert.equal((await stage().ended('plan', zone, '--out', join(disk, 'first.plan'))).status, 0);
  });

  test('issue 17, full disk: so does what is written to standard output', async () => {
    for (const words of ['export written.example', 'plan written.example --html']) {
      const { status, err } = await inShell(stage(), `"$@" ${words} > /dev/full`);
      assert.equal(status, 1, words);
      assert.match(err, /^domainsync: Standard output cannot be written: the disk is full\.$/mu);
      assert.doesNotMatch(err, /\n {4}at /u);
    }
  });
}

/** A full disk with an empty folder `zones`; null: it cannot be mounted. */
function diskOf(t: TestContext, { directory }: AnyStage): string | null {
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  if (!mountSmallDisk(t, disk, '128k')) return null;
  mkdirSync(join(disk, 'zones'));
  fillDisk(join(disk, 'somebody-elses-file'));
  return disk;
}

/** Runs a line of a shell, in which `"$@"` is the command `domainsync`. */
async function inShell(
  { words }: AnyStage,
  line: string,
): Promise<{ readonly status: number; readonly err: string }> {
  return await new Promise((resolve) => {
    execFile('/bin/sh', ['-c', line, 'sh', ...words], (error, _out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), err });
    });
  });
}

function textSteps(stage: () => AnyStage): void {
  test('issue 17, plan: what stands in records is shown, and obeyed by no terminal or browser', async () => {
    const text = await stage().ended('plan', zone);
    assert.equal(text.status, 0, text.err);
    assert.match(text.out, /\+ turned\.written\.example TXT /u);
    assert.match(text.out, /\+ markup\.written\.example TXT "<script>/u);
    const { out: json } = await stage().ended('--json', 'plan', zone);
    const page = await stage().ended('plan', zone, '--html');
    assert.match(page.out, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;amp;/u);
    assert.doesNotMatch(page.out, /<script/u);
    for (const out of [text.out, json, page.out]) assert.doesNotMatch(out, obeyed);
    assert.ok(JSON.stringify(JSON.parse(json)).includes('<script>'));
  });

  test('issue 17, plan: nor is what is typed: names, files and their contents', async () => {
    const odd = '\u001B[31m\u202Eodd';
    const file = join(stage().directory, `${odd}.zone`);
    writeFileSync(file, `$ORIGIN ${zone}.\n; ${odd}\nwww A ${odd}\n${odd} A 192.0.2.1\n`);
    const plan = join(stage().directory, `${odd}.plan`);
    for (const words of [
      ['plan', odd],
      ['push', zone, '--delete', '--yes', '--force-once', odd],
      ['exclude', odd],
      ['apply', odd],
      ['import', file, '--yes'],
      ['import', file, '--delete', '--yes', '--force-once', odd],
      ['plan', zone, '--out', plan],
      ['plan', zone, '--out', plan],
    ]) {
      const { out, err } = await stage().ended(...words);
      assert.doesNotMatch(out + err, obeyed, words.join(' '));
      const { out: json } = await stage().ended('--json', ...words);
      assert.doesNotMatch(json, obeyed, words.join(' '));
    }
  });
}

function fileSteps(stage: () => AnyStage): void {
  /** Changes lines of a plan, and writes the plan with the right checksum for them. */
  const changed = (text: string, change: (line: string) => string): string => {
    const lines = text.trimEnd().split('\n').slice(0, -1).map(change);
    const sum = createHash('sha256').update(lines.map((line) => `${line}\n`).join(''));
    return `${[...lines, JSON.stringify({ zones: lines.length - 1, sha256: sum.digest('hex') })].join('\n')}\n`;
  };

  test('issue 17, apply: a plan changed by hand with a right checksum does nothing that is not needed', async () => {
    const file = join(stage().directory, 'own.plan');
    assert.equal((await stage().ended('plan', zone, '--out', file)).status, 0);
    const text = readFileSync(file, 'utf8');
    const writes = await stage().there.writes();
    const cases: readonly (readonly [RegExp, (line: string) => string])[] = [
      [/Changed since the plan was made/u, (line) => line.replace('192.0.2.60', '192.0.2.66')],
      [/It was made on .*, not here\./u, (line) => line.replace(/"host":"[^"]*"/u, '"host":"\\u001B[31mx"')],
      [/cut off, or somebody changed it/u, (line) => line.replace('"action":"add"', '"action":"destroy"')],
      [
        /Changed since the plan was made/u,
        (line) => line.replace(/"steps":\[.*?\],"left"/u, '"steps":[],"left"'),
      ],
    ];
    for (const [says, change] of cases) {
      const other = changed(text, change);
      assert.notEqual(
        other,
        changed(text, (line) => line),
      );
      writeFileSync(file, other);
      const { status, out, err } = await stage().ended('apply', file, '--yes');
      assert.equal(status, 1, `${out}\n${err}`);
      assert.match(err, says);
      assert.doesNotMatch(out + err, obeyed);
    }
    assert.equal(await stage().there.writes(), writes);
    assert.equal(await stands(stage().there, zone, www), false);
    writeFileSync(
      file,
      changed(text, (line) => line),
    );
    assert.equal((await stage().ended('apply', file, '--yes')).status, 0);
    assert.ok(await stands(stage().there, zone, www));
  });
}
