/** Tests the root, the plugins and mgrctl of version 5/6 (docs/protocol.md#files-5, #mgrctl). */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Sandbox } from '../index.ts';
import { asAlice, listen, makeZone, testSandbox, writeHandler } from '../testing.ts';

const run = promisify(execFile);

async function mgrctl(
  sandbox: Sandbox,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await run(join(sandbox.root, 'sbin/mgrctl'), [...args], {
    env: { ...process.env, ...env },
  });
  return stdout;
}

function environmentOf(sandbox: Sandbox): Record<string, string> {
  const lines = readFileSync(join(sandbox.root, 'var/env'), 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/u).slice(0, 2)));
}

const SPY = 'env | sort >var/env; cat >var/body; echo "<doc/>"';

test('the root tells which panel it is', async (t) => {
  const six = await testSandbox(t, { generation: 'v6' });
  assert.ok(existsSync(join(six.root, 'etc/ispmgr.conf')));
  assert.notEqual(statSync(join(six.root, 'bin/core')).mode & 0o111, 0);
  assert.ok(existsSync(join(six.root, 'etc/plugins/ispmgr')));
  assert.ok(existsSync(join(six.root, 'var/ispmgr.log')));
  const dns = await testSandbox(t, { generation: 'dnsmgr' });
  assert.ok(existsSync(join(dns.root, 'etc/dnsmgr.conf')) && existsSync(join(dns.root, 'var/dnsmgr.log')));
  assert.ok(!existsSync(join(dns.root, 'etc/ispmgr.conf')));
  const four = await testSandbox(t, {});
  assert.ok(!existsSync(join(four.root, 'bin')) && !existsSync(join(four.root, 'etc/xml')));
});

test('descriptions are cached: a restart alone does not show a new one, nor forget a removed one', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  const calls = async (): Promise<boolean> => {
    rmSync(join(sandbox.root, 'var/env'), { force: true });
    await asAlice(sandbox, 'domain.edit');
    return existsSync(join(sandbox.root, 'var/env'));
  };
  const description = join(sandbox.root, 'etc/xml/ispmgr_mod_spy.xml');
  writeFileSync(
    description,
    '<mgrdata><handler name="spy" type="cgi"><event name="domain.edit" after="yes"/></handler></mgrdata>',
  );
  writeHandler(sandbox.root, 'spy', SPY);
  assert.equal(await mgrctl(sandbox, ['-m', 'ispmgr', 'exit']), 'OK\n');
  assert.equal(await calls(), false);
  rmSync(join(sandbox.root, 'var/.xmlcache'), { recursive: true });
  assert.equal(await calls(), false, 'not before it starts anew');
  await mgrctl(sandbox, ['exit']);
  assert.equal(await calls(), true);
  assert.match(
    readFileSync(join(sandbox.root, 'var/ispmgr.log'), 'utf8'),
    / EXTINFO Register event 'spy' for action 'domain\.edit'$/m,
  );
  rmSync(description);
  sandbox.restartPanel({ keepCache: true });
  assert.equal(await calls(), true);
  sandbox.restartPanel();
  assert.equal(await calls(), false);
});

test('a handler gets parameters, caller and request headers, and nothing of version 4', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v5' });
  listen(sandbox, 'spy', SPY, ['domain.edit before']);
  const answer = await asAlice(sandbox, 'domain.edit', { name: 'a.example', sok: 'ok' });
  assert.ok(answer.ok);
  const { PWD: _pwd, _: _self, SHLVL: _level, OLDPWD: _old, ...env } = environmentOf(sandbox);
  const words = Object.keys(env).filter((name) => !name.startsWith('HTTP_CON'));
  assert.deepEqual(
    words.sort().join(' '),
    [
      'AUTH_LEVEL AUTH_USER HTTP_HOST HTTP_USER_AGENT',
      'PARAM_func PARAM_name PARAM_out PARAM_sok PATH QUERY_STRING',
    ].join(' '),
  );
  assert.equal(env['HTTP_USER_AGENT'], 'Mozilla/4.0');
  assert.equal(readFileSync(join(sandbox.root, 'var/body'), 'utf8'), '', 'no body without postdata');
  const path = join(sandbox.root, 'etc/xml/ispmgr_mod_spy.xml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('before="yes"', 'before="yes" postdata="yes"'));
  sandbox.restartPanel();
  assert.ok((await asAlice(sandbox, 'domain.edit', { name: 'b.example', sok: 'ok' })).ok);
  assert.match(readFileSync(join(sandbox.root, 'var/body'), 'utf8'), /name=b\.example&sok=ok/);
  assert.equal(environmentOf(sandbox)['REQUEST_METHOD'], 'POST');
});

test('values with a NUL octet end there in the environment, or are left out; the query has them whole', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  listen(sandbox, 'spy', SPY, ['domain.edit before']);
  const make = async (name: string): Promise<Record<string, string>> => {
    const user = { user: 'alice', password: 'a:p&w=d', method: 'GET' } as const;
    assert.ok((await sandbox.call('domain.edit', { name, sok: '\0ok' }, user)).ok);
    assert.ok(sandbox.zones().includes(name));
    return environmentOf(sandbox);
  };
  const cut = await make('a.example');
  assert.equal(cut['PARAM_sok'], '');
  assert.match(cut['QUERY_STRING'] ?? '', /&sok=%00ok$/u);
  sandbox.switches.nulToHandlers = 'left-out';
  assert.equal((await make('b.example'))['PARAM_sok'], undefined);
});

test('a save by any sok, and in spite of sv_field, where the panel is so', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  await makeZone(sandbox);
  const save = async (name: string, end: string): Promise<boolean> => {
    const fields = { func: 'domain.record.edit', plid: 'example.org', name, rtype: 'a', ip: '192.0.2.1' };
    const login = { authinfo: 'alice:a:p&w=d', out: 'xml' };
    const query = `${new URLSearchParams({ ...login, ...fields }).toString()}&${end}`;
    await fetch(`${sandbox.url}/ispmgr?${query}`);
    return sandbox.records('example.org')?.some((row) => row.name === `${name}.example.org.`) === true;
  };
  assert.equal(await save('a', 'sok=ok&sok='), false);
  assert.equal(await save('b', 'sok=ok&sv_field=rtype'), false);
  Object.assign(sandbox.switches, { repeatedSok: 'any', redrawSaves: true });
  assert.equal(await save('a', 'sok=ok&sok='), true);
  assert.equal(await save('b', 'sok=ok&sv_field=rtype'), true);
});

test('a group function has its list twice; an xml handler echoes the document or it is lost', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  for (const name of ['a.example', 'b.example']) await asAlice(sandbox, 'domain.edit', { name, sok: 'ok' });
  listen(sandbox, 'spy', SPY, ['domain.delete before']);
  assert.ok((await asAlice(sandbox, 'domain.delete', { elid: 'a.example, b.example' })).ok);
  const env = environmentOf(sandbox);
  assert.deepEqual([env['PARAM_elid'], env['PARAM_elids']], ['a.example, b.example', 'a.example, b.example']);
  const xml = '<mgrdata><handler name="x" type="xml"><event name="domain" after="yes"/></handler></mgrdata>';
  writeFileSync(join(sandbox.root, 'etc/xml/ispmgr_mod_x.xml'), xml);
  writeHandler(sandbox.root, 'x', 'tee var/document');
  sandbox.restartPanel();
  await asAlice(sandbox, 'domain.edit', { name: 'a.example', sok: 'ok' });
  assert.equal((await asAlice(sandbox, 'domain')).elems.length, 1);
  assert.match(
    readFileSync(join(sandbox.root, 'var/document'), 'utf8'),
    /<doc user="alice" level="16"><params>/,
  );
  writeHandler(sandbox.root, 'x', 'echo "<doc/>"');
  assert.equal((await asAlice(sandbox, 'domain')).elems.length, 0);
});

test('mgrctl: formats, a value from the environment, root above all levels, functions, wrong use', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  listen(sandbox, 'spy', SPY, ['domain.edit before']);
  const made = await mgrctl(sandbox, ['-m', 'ispmgr', 'domain.edit', 'sok=ok', '-e', 'name=$ZONE'], {
    ZONE: 'env.example',
  });
  assert.equal(made, 'OK\n');
  const env = environmentOf(sandbox);
  assert.deepEqual(
    [env['AUTH_LEVEL'], env['AUTH_USER'], env['PARAM_name'], env['HTTP_HOST']],
    ['30', 'root', 'env.example', undefined],
  );
  assert.match(await mgrctl(sandbox, ['domain']), /^name=env\.example displayname=env\.example /);
  assert.match(await mgrctl(sandbox, ['-o', 'json', 'domain']), /^\{"doc":/);
  assert.match(await mgrctl(sandbox, ['-o', 'devel', '-R', 'domain']), /<metadata/);
  assert.match(await mgrctl(sandbox, ['-i', 'lang=en']), /^domain\.record\.edit$/m);
  assert.match(await mgrctl(sandbox, ['-i', 'domain.edit', 'lang=en']), /^ip=/m);
  assert.equal(await mgrctl(sandbox, ['-l']), 'OK\n');
  assert.match(await mgrctl(sandbox, ['-o', 'xml', 'whoami']), /<user name="root" level="30"\/>/);
  await assert.rejects(mgrctl(sandbox, ['-o', 'yaml', 'domain']), /Command failed/);
});

test('a function of a plugin may ask the panel', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6' });
  const xml = '<mgrdata><handler name="f" type="cgi"><func name="conf" level="admin+"/></handler></mgrdata>';
  writeFileSync(join(sandbox.root, 'etc/xml/ispmgr_mod_f.xml'), xml);
  writeHandler(sandbox.root, 'f', 'echo "<doc><user>$(sbin/mgrctl -o text whoami | head -c 4)</user></doc>"');
  sandbox.restartPanel();
  Object.assign(sandbox.switches, { blockNested: true, handlerTimeoutMs: 60_000 });
  assert.match((await sandbox.call('conf', {}, { user: 'root', password: 'rp' })).body, /<user>user<\/user>/);
  assert.equal((await asAlice(sandbox, 'conf')).error?.code, 'access');
});
