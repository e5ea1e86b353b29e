import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Sandbox } from '../index.ts';
import { asAlice, makeZone, tempRoot, testSandbox } from '../testing.ts';

const run = promisify(execFile);
const hasPerl = spawnSync('perl', ['-e', '0']).status === 0;

interface Said {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs mgrctl with only this folder in its search path. */
async function mgrctl({ root }: Sandbox, path: string, ...words: readonly string[]): Promise<Said> {
  const env = { PATH: path, LC_ALL: 'xx_XX.UTF-8', SECRET: "a b'c\nя" };
  try {
    return { code: 0, ...(await run(join(root, 'sbin/mgrctl'), words, { env, maxBuffer: 2 ** 26 })) };
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error);
    return { code: error.code, stdout: String(error.stdout), stderr: String(error.stderr) };
  }
}

for (const program of ['Perl', 'Node.js']) {
  const isPerl = program === 'Perl';
  test(`issue 18, mgrctl in ${program}`, { skip: isPerl && !hasPerl && 'no perl' }, async (t) => {
    const sandbox = await testSandbox(t, { generation: 'v6' });
    const path = isPerl ? '/usr/bin:/bin' : tempRoot(t);
    await makeZone(sandbox);
    const long = `long=${'ü'.repeat(40_000)}`;
    const listed = await mgrctl(sandbox, path, '-o', 'xml', 'domain', 'x=', long, '-e', 'y=$SECRET');
    assert.deepEqual([listed.code, listed.stderr], [0, '']);
    assert.match(listed.stdout, /example\.org/u);
    const { x, y, long: received } = sandbox.requests.at(-1)?.params ?? {};
    assert.deepEqual([x, y, `long=${received}`], ['', "a b'c\nя", long]);

    const text = 'x'.repeat(1_000_000);
    const record = { plid: 'example.org', elid: '', name: 'long', sdtype: 'TXT', addr: text, sok: 'yes' };
    await asAlice(sandbox, 'domain.record.edit', record);
    sandbox.addQuietly('example.org', 'big', 'TXT', text);
    const big = await mgrctl(sandbox, path, '-o', 'xml', 'domain.record', 'elid=example.org');
    assert.ok(big.code === 0 && big.stdout.length > text.length);

    sandbox.switches.mgrctlErrorExit = 7;
    const failed = await mgrctl(sandbox, path, '-o', 'xml', 'domain.record', 'elid=nowhere.example');
    assert.equal(failed.code, 7);
    assert.match(failed.stdout, /<error/u);
    assert.equal((await mgrctl(sandbox, path)).code, 1);

    sandbox.faults.add({ func: 'domain', via: 'any', effect: 'lost' });
    const lost = await mgrctl(sandbox, path, 'domain');
    assert.deepEqual([lost.code, lost.stdout, lost.stderr], [1, '', 'mgrctl: the panel gave no answer\n']);
    await sandbox.stop();
    const gone = await mgrctl(sandbox, path, 'domain');
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /^mgrctl: the panel cannot be reached: /u);
  });
}
