import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDead, readHolder, thisProcess } from './lease.ts';

test('a process is dead when it has ended, also before its parent has taken notice', async (t) => {
  assert.equal(isDead(thisProcess()), false);
  // The shell never waits for its child, so the killed child stays a zombie.
  const parent = spawn('sh', ['-c', 'tail -f /dev/null & echo $!; exec tail -f /dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => parent.kill('SIGKILL'));
  const pid = Number(await new Promise<Buffer>((told) => parent.stdout.once('data', told)));
  const stat = (): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const holder = { ...thisProcess(), pid, started: stat()[19] ?? '' };
  assert.equal(isDead(holder), false);
  process.kill(pid, 'SIGKILL');
  while (stat()[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(isDead(holder), true);
});

test('issue 13, mechanical mutation: a holder is read back as it was written, and nothing else is one', () => {
  const holder = thisProcess();
  assert.deepEqual(readHolder(JSON.stringify(holder)), holder);
  const { boot, pid, started } = holder;
  const others: readonly unknown[] = [
    null,
    'text',
    7,
    {},
    { pid, started },
    { boot, started },
    { boot, pid },
    { boot: 1, pid, started },
    { boot, pid: '1', started },
    { boot, pid, started: 1 },
  ];
  for (const other of others)
    assert.throws(() => readHolder(JSON.stringify(other)), SyntaxError, JSON.stringify(other));
  assert.throws(() => readHolder('{'), SyntaxError);
});
