import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const nasty = 'a\u001b[2J\u009b31m\u202e\u0007';

/**
 * Runs a program that uses this module, on a terminal with colours.
 * @param body the program's code
 * @returns its output
 */
async function printed(body: string): Promise<{ stdout: string; stderr: string }> {
  const module = JSON.stringify(new URL('./output.ts', import.meta.url).href);
  const program = `const o = await import(${module}); const nasty = ${JSON.stringify(nasty)}; ${body}`;
  const { NO_COLOR, ...env } = process.env;
  assert.notEqual(NO_COLOR, nasty);
  return await run(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...env, FORCE_COLOR: '1' },
  });
}

test('issue 11.6: colours of ours are the only thing a terminal is told', async () => {
  const shown = 'a\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{7}';
  const { stdout, stderr } = await printed(
    `o.say(o.coloured(nasty, 'bad') + ' ' + nasty); o.print(false, {}, () => o.table(['x'], [[nasty]])); o.complain(nasty);`,
  );
  const [said, heading, cell] = stdout.split('\n');
  assert.equal(said, `\u001b[31m${shown}\u001b[39m ${shown}`);
  assert.equal(heading, '\u001b[2mx\u001b[22m');
  assert.equal(cell, shown);
  assert.equal(stderr, `${shown}\n`);
});

test('issue 11.6: JSON shows no control characters, and means the same', async () => {
  const { stdout } = await printed(`o.print(true, { nasty }, () => '');`);
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  assert.deepEqual(JSON.parse(stdout), { nasty });
});
