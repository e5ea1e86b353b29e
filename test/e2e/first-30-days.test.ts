/**
 * Runs the commands of docs/first-30-days.md exactly as they are written there, on a server in that phase.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { pageOf } from '../../src/testing/docs-examples.ts';
import { stands } from '../../src/testing/stage/central-side.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { makeStage, prepared, until, type Stage } from '../../src/testing/stage/stage.ts';
import { succeeded } from './combinations/scene.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../dist/domainsync.cjs');
const zone = 'old.example';

/** The code blocks of a page in one language, in their order. */
function blocksOf(page: string, language: string): readonly string[] {
  return [...pageOf(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gmu'))].map(
    ([, block = '']) => block,
  );
}

/** Writes a command `domainsync` for this stage, like the installed one. @returns its folder */
function commandFor(stage: Stage): string {
  const folder = join(stage.directory, 'bin');
  mkdirSync(folder, { recursive: true });
  const words = [process.execPath, program, '--root', stage.panel.root, '--socket', stage.socket];
  const path = join(folder, 'domainsync');
  writeFileSync(path, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
  return folder;
}

interface Ended {
  readonly status: number;
  readonly out: string;
}

/** Runs one line of the page in a shell. */
async function shell(stage: Stage, bin: string, line: string): Promise<Ended> {
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  try {
    const { stdout } = await run('/bin/sh', ['-c', line], { cwd: stage.directory, env });
    return { status: 0, out: stdout };
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'stderr' in error, String(error));
    return { status: Number(error.code), out: String(error.stderr) };
  }
}

async function prepare(stage: Stage): Promise<void> {
  succeeded(await stage.atPanel.makeZone(zone));
  await stage.install();
}

/** Whether the new mode is active and the zones are compared. */
async function isIn(stage: Stage, mode: string): Promise<boolean> {
  const status = await stage.status();
  const observes = status?.centrals.some(({ observing }) => observing !== null) ?? false;
  return observes === (mode === 'observe') && (status?.engine?.baselineAt ?? null) !== null;
}

test('issue 17, first 30 days: each command does what the page says, from observing to the report', async (t) => {
  const stage = await prepared(await makeStage(), prepare);
  t.after(() => stage.stop());
  const bin = commandFor(stage);
  const modes = blocksOf('first-30-days.md', 'ini').map((block) => /^mode = (\w+)$/mu.exec(block)?.[1] ?? '');
  assert.deepEqual(modes, ['observe', 'strict']);
  const blocks = blocksOf('first-30-days.md', 'sh');
  stage.configure({}, { mode: 'observe' });
  // An edit starts the agent, as it does on a customer's server.
  succeeded(await stage.atPanel.save(zone, address('www', '192.0.2.1')));
  await until('domainsync to observe', () => isIn(stage, 'observe'));
  for (const [at, block] of blocks.entries()) {
    if (block.includes('pause')) {
      stage.configure({}, { mode: 'strict' });
      await until('domainsync to be switched on', () => isIn(stage, 'strict'));
    }
    for (const line of block.trim().split('\n')) {
      const { status, out } = await shell(stage, bin, line);
      assert.ok(allowed(line).includes(status), `${at}: ${line}: ${status}\n${out}`);
    }
  }
  assert.ok(await stands(stage.there, zone, address('www', '192.0.2.1')), 'the plan was applied');
  assert.match(readFileSync(join(stage.directory, 'plan.html'), 'utf8'), /old\.example/u);
  assert.doesNotMatch(readFileSync(join(stage.directory, 'month.txt'), 'utf8'), /old\.example/u);
});

/**
 * The exit statuses that the page describes. `notify --test` may fail, because the settings contain no
 * channels.
 */
function allowed(line: string): readonly number[] {
  if (line.includes('notify --test')) return [0, 1];
  return /doctor|status/u.test(line) ? [0, 3] : [0];
}

test('issue 17, first 30 days: the Russian page has the same commands', () => {
  for (const language of ['sh', 'ini'])
    assert.deepEqual(blocksOf('first-30-days.ru.md', language), blocksOf('first-30-days.md', language));
});
