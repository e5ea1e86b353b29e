import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, mock, test } from 'node:test';
import { CommandFailed } from '../../../app/command-failed.ts';
import { pathsOf } from '../../../app/paths.ts';
import { HeadsFile } from '../../../gateway/audit/heads-file.ts';
import { gatewayCommand } from './index.ts';

const program = join(import.meta.dirname, '../../main.ts');
const folder = mkdtempSync(join(tmpdir(), 'gateway-commands-'));
const config = join(folder, 'gateway.ini');
const heads = join(folder, 'heads');
writeFileSync(config, `[gateway]\nstate = ${folder}\naudit_heads = ${heads}\n`, { mode: 0o600 });
after(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a command of the gateway in this process. @returns what it prints @throws as the command does */
async function works(...words: readonly string[]): Promise<string> {
  const said = mock.method(console, 'log', () => undefined);
  try {
    const globals = { paths: pathsOf(folder), isRootGiven: true, socket: undefined, json: false };
    const command = gatewayCommand(() => globals).exitOverride();
    await command.parseAsync(['--config', config, ...words], { from: 'user' });
    return said.mock.calls.map(({ arguments: [text] }) => `${String(text)}\n`).join('');
  } finally {
    said.mock.restore();
  }
}

/** Runs the program, with a text as its standard input. @returns the exit status */
async function runWith(input: string, words: readonly string[]): Promise<number | null> {
  const stdio = ['pipe', 'ignore', 'ignore'] as const;
  const child = spawn(process.execPath, [program, 'gateway', '--config', config, ...words], {
    stdio: [...stdio],
  });
  child.stdin?.end(input);
  return await new Promise((resolve) => {
    child.once('close', resolve);
  });
}

/** Runs a command that must fail. @returns the text of its error */
async function fails(...words: readonly string[]): Promise<string> {
  try {
    await works(...words);
  } catch (error) {
    assert.ok(error instanceof CommandFailed, String(error));
    return error.message;
  }
  return assert.fail(words.join(' '));
}

before(async () => {
  assert.match(await works('customer', 'add', 'shop', '--zones', '3'), /zones +3 /u);
  await works('customer', 'add', 'other');
});

test('limits of a customer', async () => {
  assert.match(await works('customer', 'set', 'shop', '--records-in-rrset', '7'), /type +7 /u);
  assert.match(await works('customer', 'show', 'shop'), /zones +3 .*type +7 /su);
  assert.match(await fails('customer', 'set', 'shop'), /one of the limits/u);
});

test('name servers: of the new zones of a customer, and of a zone that is given to him', async () => {
  const other = join(folder, 'west.ini');
  const text = `[gateway]\nstate = ${folder}\naudit_heads = ${heads}\n[backend west]\nkind = bind\n`;
  writeFileSync(other, text, { mode: 0o600 });
  const named = ['--config', other];
  assert.match(await works(...named, 'customer', 'set', 'other', '--backend', 'west'), /\[backend west\]/u);
  assert.match(await works(...named, 'customer', 'set', 'other', '--backend', 'default'), /\[backend\]$/mu);
  assert.match(
    await fails(...named, 'customer', 'set', 'other', '--backend', 'east'),
    /no section \[backend east\]/u,
  );
  await works(...named, 'zone', 'assign', 'west.test', 'other', '--backend', 'west');
  const database = new DatabaseSync(join(folder, 'gateway.db'));
  const row = database.prepare("SELECT backend FROM zone WHERE name = 'west.test.'").get();
  database.close();
  assert.equal(row?.['backend'], 'west');
  await works('zone', 'release', 'west.test');
});

test('tokens: bound to an address, rotated, ended by whoever has found one', async () => {
  assert.match(await fails('token', 'add', 'shop'), /--from/u);
  assert.match(await works('token', 'add', 'shop', '--from-anywhere'), /works from every address/u);
  const text = await works('token', 'add', 'shop', '--from', '192.0.2.7', '--idle', '90d', '--makes-tokens');
  const [token = ''] = text.split('\n');
  const id = token.slice(4, 12);
  const [rotated = ''] = (await works('token', 'rotate', id, '--overlap', '1d')).split('\n');
  assert.ok(rotated.startsWith(`dsg_${id}_`) && rotated !== token);
  const listed = await works('token', 'list', 'shop');
  assert.match(listed, /in use; old text until/u);
  assert.ok(!listed.includes(token) && !listed.includes(rotated));
  assert.equal(await runWith(`${token}\n`, ['token', 'revoke', '-']), 0);
  assert.equal(await runWith(rotated, ['token', 'revoke', '-']), 1);
  assert.match(await fails('token', 'rotate', id, '--overlap', '1d'), /no token/u);
  assert.match(await works('token', 'list', 'shop'), /revoked/u);
});

test('zones: a grant, transfers, and why they are refused', async () => {
  await works('zone', 'assign', 'example.org', 'shop');
  assert.match(await fails('zone', 'assign', 'sub.example.org', 'other'), /another customer/u);
  assert.match(await fails('zone', 'grant', 'example.org', 'example.net', 'other'), /not below/u);
  await works('zone', 'grant', 'example.org', 'sub.example.org', 'other');
  await works('zone', 'assign', 'sub.example.org', 'other');
  assert.match(await works('zone', 'grants', 'example.org'), /sub\.example\.org +other +shop +in force/u);
  await works('zone', 'revoke', 'example.org', 'sub.example.org', 'other');
  assert.match(await works('zone', 'grants', 'example.org'), /revoked/u);
  assert.match(await fails('zone', 'revoke', 'example.org', 'sub.example.org', 'other'), /no such grant/u);
  await works('zone', 'assign', 'deep.example.org', 'shop');
  assert.match(await fails('zone', 'transfer', 'deep.example.org', 'other'), /--with-below/u);
  const moved = await works('zone', 'transfer', 'example.org', 'other', '--with-below');
  assert.match(moved, /example\.org, deep\.example\.org/u);
  assert.equal((await works('zone', 'list', 'shop')).trim(), '');
});

test('the audit is checked, and a person erased from it', async () => {
  assert.match(await works('audit', '--verify'), /entries follow from each other/u);
  const database = new DatabaseSync(join(folder, 'gateway.db'));
  const first = database.prepare('SELECT number, hash, client FROM audit ORDER BY number').get();
  const person = String(first?.['client']);
  new HeadsFile(heads).append({ at: 1, number: 1, hash: String(first?.['hash']) });
  assert.ok((await works('audit')).includes(person));
  assert.match(await works('audit', 'erase-person', person), /Erased in \d\d/u);
  const [, ...rows] = (await works('audit')).split('\n');
  assert.ok(rows[0]?.includes('(erased)'));
  assert.match(await works('audit', '--verify'), /1 exported heads agree/u);
  database.exec("UPDATE audit SET body = replace(body, 'customer.added', 'customer.gone') WHERE number = 1");
  assert.match(await fails('audit', '--verify'), /Entries that were changed.*: 1\./u);
  database.close();
});
