import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { asAlice, makeZone, testSandbox, until, writeHandler, writePlugin } from '../testing.ts';
import type { Sandbox, SandboxOptions } from '../index.ts';
import { child } from '../shared/xml.ts';

const EDIT = { plid: 'example.org', elid: '', name: 'www', sdtype: 'A', addr: '192.0.2.9', sok: 'ok' };
const NEW_KEY = 'www A  192.0.2.9';
const REFUSE = `echo '<doc><error code="8">no way</error><extra/></doc>'`;

function handler(name: string, events: string, type = 'cgi'): string {
  return `<handler name="${name}" type="${type}">${events}</handler>`;
}

function on(stages: string, func = 'domain.sublist.edit'): string {
  return `<event ${stages}>${func}</event>`;
}

/** Starts a sandbox with one zone, a plugin with these `handler` elements, and its handler script. */
async function withHandler(
  t: TestContext,
  handlers: string,
  scripts: Readonly<Record<string, string>>,
  options: Partial<SandboxOptions> = {},
): Promise<Sandbox> {
  const sandbox = await testSandbox(t, options);
  await makeZone(sandbox);
  for (const [name, script] of Object.entries(scripts)) writeHandler(sandbox.root, name, script);
  writePlugin(sandbox.root, handlers);
  sandbox.restartPanel();
  return sandbox;
}

function has(sandbox: Sandbox): boolean {
  return sandbox.keys('example.org')?.includes(NEW_KEY) === true;
}

/** Waits until a process has ended. */
async function gone(pid: number): Promise<void> {
  const path = `/proc/${pid}/stat`;
  await until(() => {
    try {
      return /\) [ZX]/u.test(readFileSync(path, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
        return true;
      throw error;
    }
  });
}

/** Waits until a file exists. */
async function appears(path: string): Promise<void> {
  const seen = new Promise<void>((resolve) => {
    const watcher = watch(join(path, '..'), () => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    });
    if (existsSync(path)) {
      watcher.close();
      resolve();
    }
  });
  await seen;
}

const DUMP = 'env -0 >"$PWD/var/env"; cat >"$PWD/var/stdin"; echo "<doc/>"';

function dumped(sandbox: Sandbox): Record<string, string> {
  const text = readFileSync(join(sandbox.root, 'var', 'env'), 'utf8');
  return Object.fromEntries(
    text.split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

test('a cgi handler gets the documented environment and the form on stdin, without credentials', async (t) => {
  const sandbox = await withHandler(t, handler('dump', on('before="yes"')), { dump: DUMP });
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, lang: 'ru' })).ok);
  const { PWD: _pwd, _: _last, AUTHID: id, ...env } = dumped(sandbox);
  const body =
    'out=xml&func=domain.sublist.edit&plid=example.org&elid=&name=www&sdtype=A&addr=192.0.2.9&sok=ok&lang=ru';
  assert.match(id ?? '', /^\d+$/u);
  assert.equal(readFileSync(join(sandbox.root, 'var', 'stdin'), 'utf8'), body);
  delete env['SHLVL'];
  delete env['OLDPWD'];
  delete env[''];
  assert.deepEqual(env, {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    REMOTE_USER: 'alice',
    SESSION_LEVEL: '5',
    SESSION_LANG: 'ru',
    RECORDLIMIT: '1000',
    MGR: 'ispmgr',
    MGR_DISTRIBUTION: 'ISPmanager-Lite',
    MGR_VERSION: '4.4.10.25',
    MSG_OSNAME: 'Debian',
    LICID: '100000',
    HANDLER_STAGE: 'before',
    REQUEST_METHOD: 'POST',
    QUERY_STRING: '',
    CONTENT_TYPE: 'application/x-www-form-urlencoded',
    CONTENT_LENGTH: String(body.length),
  });
});

test('parameters come as they were requested, or always one way; names as they were sent, or converted', async (t) => {
  const sandbox = await withHandler(t, handler('dump', on('before="yes"', 'domain.sublist')), { dump: DUMP });
  const stdin = (): string => readFileSync(join(sandbox.root, 'var', 'stdin'), 'utf8');
  const user = { user: 'root', password: 'rp' };
  await sandbox.call('domain.sublist', { elid: 'example.org', su: 'alice' }, { ...user, method: 'GET' });
  assert.deepEqual([dumped(sandbox)['REQUEST_METHOD'], stdin()], ['GET', '']);
  assert.equal(dumped(sandbox)['QUERY_STRING'], 'out=xml&func=domain.sublist&elid=example.org');
  assert.equal(dumped(sandbox)['REMOTE_USER'], 'alice');
  sandbox.switches.deliver = 'post';
  sandbox.switches.stripAuth = false;
  await sandbox.call('domain.sublist', { elid: 'xn--e1afmkfd.example' }, { ...user, method: 'GET' });
  assert.match(stdin(), /^authinfo=root%3Arp&/u);
  Object.assign(sandbox.switches, { deliver: 'get', stripAuth: true, handlerNames: 'unicode' });
  await sandbox.call('domain.sublist', { elid: 'xn--e1afmkfd.example' }, user);
  assert.equal(new URLSearchParams(dumped(sandbox)['QUERY_STRING']).get('elid'), 'пример.example');
  sandbox.switches.handlerNames = 'punycode';
  await sandbox.call('domain.sublist', { elid: 'пример.example' }, user);
  assert.equal(new URLSearchParams(dumped(sandbox)['QUERY_STRING']).get('elid'), 'xn--e1afmkfd.example');
});

test('the length of a body is counted, or as the client wrote it', async (t) => {
  const sandbox = await withHandler(t, handler('dump', on('before="yes"', 'domain.sublist')), { dump: DUMP });
  const post = async (headers: Record<string, string>, body: string): Promise<void> => {
    const target = new URL('/manager/ispmgr?authinfo=alice:a:p%26w%3Dd&func=domain.sublist', sandbox.url);
    const request = http.request(target, { method: 'POST', headers });
    request.end(body);
    await once(request, 'response');
  };
  const body = 'elid=example.org';
  await post({ 'Content-Length': `0${body.length}` }, body);
  assert.equal(dumped(sandbox)['CONTENT_LENGTH'], String(body.length));
  sandbox.switches.lengthToHandlers = 'as-sent';
  await post({ 'Content-Length': `0${body.length}` }, body);
  assert.equal(dumped(sandbox)['CONTENT_LENGTH'], `0${body.length}`);
  await post({ 'Transfer-Encoding': 'chunked' }, body);
  assert.equal(dumped(sandbox)['CONTENT_LENGTH'], undefined);
  assert.equal(readFileSync(join(sandbox.root, 'var', 'stdin'), 'utf8'), body);
});

test('an error before: nothing is done, nothing after the error is shown, no other handler runs', async (t) => {
  const handlers =
    handler('no', on('before="yes"')) + handler('mark', on('before="yes"') + on('after="yes"'));
  const sandbox = await withHandler(t, handlers, { no: REFUSE, mark: 'touch var/ran; echo "<doc/>"' });
  const answer = await asAlice(sandbox, 'domain.sublist.edit', EDIT);
  assert.match(answer.body, /<doc><error code="8">no way<\/error><\/doc>/u);
  assert.equal(has(sandbox), false);
  assert.equal(existsSync(join(sandbox.root, 'var', 'ran')), false);
});

test('an error after: shown; the change stays, or is undone by switch', async (t) => {
  const sandbox = await withHandler(t, handler('no', on('after="yes"')), { no: REFUSE });
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).error?.code, '8');
  assert.equal(has(sandbox), true);
  await asAlice(sandbox, 'domain.sublist.delete', { plid: 'example.org', elid: NEW_KEY });
  sandbox.switches.undoAfterError = true;
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).error?.code, '8');
  assert.equal(has(sandbox), false);
});

test('undoing after an error takes back its own rows only, not what came in between', async (t) => {
  const sandbox = await withHandler(t, handler('no', on('after="yes"')), {
    no: `case "$QUERY_STRING" in *name=other*) echo '<doc/>';; *) mkfifo var/go; : >var/ready; read -r go <var/go; ${REFUSE};; esac`,
  });
  Object.assign(sandbox.switches, { undoAfterError: true, deliver: 'get', blockNested: false });
  const undone = asAlice(sandbox, 'domain.sublist.edit', EDIT);
  await appears(join(sandbox.root, 'var', 'ready'));
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, name: 'other' })).ok);
  writeFileSync(join(sandbox.root, 'var', 'go'), 'go\n');
  assert.equal((await undone).error?.code, '8');
  assert.deepEqual(sandbox.keys('example.org')?.slice(2), ['other A  192.0.2.9']);
});

test('after runs only when the function succeeded, and on openings of a form too', async (t) => {
  const sandbox = await withHandler(t, handler('mark', on('after="yes"')), {
    mark: 'echo x >>var/ran; echo "<doc/>"',
  });
  const runs = (): number => {
    const path = join(sandbox.root, 'var', 'ran');
    return existsSync(path) ? readFileSync(path, 'utf8').length / 2 : 0;
  };
  await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, addr: 'bad' });
  assert.equal(runs(), 0);
  await asAlice(sandbox, 'domain.sublist.edit', { plid: 'example.org' });
  assert.equal(runs(), 1);
  await asAlice(sandbox, 'domain.sublist.edit', EDIT);
  assert.equal(runs(), 2);
});

test('a group that failed in the middle keeps what was done, and runs no after handler', async (t) => {
  const plugin = handler('mark', on('after="yes"', 'domain.sublist.delete'));
  const sandbox = await withHandler(t, plugin, { mark: 'touch var/ran; echo "<doc/>"' });
  const elid = 'example.org. A  192.0.2.1, gone A  192.0.2.1';
  const answer = await asAlice(sandbox, 'domain.sublist.delete', { plid: 'example.org', elid });
  assert.equal(answer.error?.code, '3');
  assert.deepEqual(sandbox.keys('example.org'), ['example.org. NS  ns1.example.net.']);
  assert.equal(existsSync(join(sandbox.root, 'var', 'ran')), false);
});

test('handlers run in the order of the file, those with priority hi first', async (t) => {
  const say = (name: string): string => `echo '<doc><error code="8">${name}</error></doc>'`;
  const plugin = handler('one', on('before="yes"')) + handler('two', on('before="yes"'));
  const sandbox = await withHandler(t, plugin, { one: say('one'), two: say('two') });
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).error?.text, 'one');
  writePlugin(
    sandbox.root,
    handler('one', on('before="yes"')) + handler('two', on('before="yes" priority="hi"')),
  );
  sandbox.restartPanel();
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).error?.text, 'two');
});

test('the local part fails after before accepted, as often as told', async (t) => {
  const sandbox = await withHandler(t, handler('yes', on('before="yes"')), {
    yes: 'touch var/ran; echo "<doc/>"',
  });
  sandbox.switches.failLocal = { 'domain.sublist.edit': { code: 1, text: 'disk full', count: 1 } };
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).error?.text, 'disk full');
  assert.deepEqual([existsSync(join(sandbox.root, 'var', 'ran')), has(sandbox)], [true, false]);
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).ok);
});

test('merging: CGI headers and blank lines are skipped, ok replaces ok, param is ignored, redirect wins', async (t) => {
  const scripts = {
    one: `printf 'Content-type: text/html\\n\\n\\n<doc><ok>top</ok><param>x</param><note>n</note></doc>'`,
    two: `echo "<doc><note/><redirect>location='/'</redirect><ok/></doc>"`,
  };
  const sandbox = await withHandler(t, handler('one', on('after="yes"')), scripts);
  const merged = await asAlice(sandbox, 'domain.sublist.edit', EDIT);
  assert.match(merged.body, /<doc><ok>top<\/ok><note>n<\/note><\/doc>/u);
  writePlugin(
    sandbox.root,
    handler('one', on('after="yes"')) + handler('two', on('after="yes" priority="hi"')),
  );
  assert.equal(
    (await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, name: 'b' })).ok,
    true,
    'cached until restarted',
  );
  sandbox.restartPanel();
  const redirected = await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, name: 'c' });
  writePlugin(sandbox.root, handler('two', on('after="yes"')));
  sandbox.restartPanel();
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, name: 'd' })).body, redirected.body);
  assert.match(redirected.body, /<doc><redirect>location='\/'<\/redirect><\/doc>/u);
});

test('an xml handler reads the document with its parameters and replaces it', async (t) => {
  const sandbox = await withHandler(t, handler('x', on('after="yes"', 'domain.sublist'), 'xml'), {
    x: `tee var/stdin | sed 's/192.0.2.1/192.0.2.111/g'`,
  });
  const { body, elems } = await asAlice(sandbox, 'domain.sublist', { elid: 'example.org' });
  assert.equal(elems[1]?.['addr'], '192.0.2.111');
  assert.doesNotMatch(body, /<params>|user=/u);
  const read = readFileSync(join(sandbox.root, 'var', 'stdin'), 'utf8');
  assert.match(
    read,
    /<doc user="alice" level="5"><params><out>xml<\/out><func>domain.sublist<\/func><elid>example.org<\/elid><\/params><plid>/u,
  );
});

test("what is not XML is the panel's own error; so is a handler that is missing, not executable, or open to all when strict", async (t) => {
  const sandbox = await withHandler(t, handler('h', on('before="yes"')), { h: 'echo Text' });
  const broken = async (name: string): Promise<void> => {
    const { error } = await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, name });
    assert.equal(error?.text, 'h plugin terminated with an error or returned an invalid XML');
    assert.equal(sandbox.keys('example.org')?.length, 2);
  };
  await broken('a');
  writeHandler(sandbox.root, 'h', '');
  await broken('b');
  writeHandler(sandbox.root, 'h', "printf '<doc><ok/>'");
  await broken('c');
  writeHandler(sandbox.root, 'h', "echo '<doc/>'; kill -9 $$");
  await broken('d');
  writeHandler(sandbox.root, 'h', "echo '<doc/>'; exit 3");
  sandbox.switches.exitStatus = 'error';
  await broken('e');
  const path = join(sandbox.root, 'addon', 'h');
  chmodSync(path, 0o755);
  Object.assign(sandbox.switches, { exitStatus: 'ignored', strictModes: true });
  await broken('f');
  sandbox.switches.strictModes = false;
  chmodSync(path, 0o600);
  await broken('g');
  chmodSync(path, 0o755);
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).ok);
});

test('a handler that takes too long is killed with what it started; before then refuses, or goes on by switch', async (t) => {
  const script = 'sleep 30 & echo $! >var/pid; wait';
  const sandbox = await withHandler(
    t,
    handler('slow', on('before="yes"')),
    { slow: script },
    { switches: { handlerTimeoutMs: 2_000 } },
  );
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).error?.code, '1');
  assert.equal(has(sandbox), false);
  const pid = Number(readFileSync(join(sandbox.root, 'var', 'pid'), 'utf8'));
  await gone(pid);
  Object.assign(sandbox.switches, { killedBefore: 'go-on', handlerTimeoutMs: 80 });
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).ok);
  assert.equal(has(sandbox), true);
});

test('a panel call from inside a handler waits until the handler is gone; a final handler may call', async (t) => {
  const inside = 'sbin/mgrctl -o xml domain >var/inside; echo "<doc/>"';
  const sandbox = await withHandler(
    t,
    handler('h', on('before="yes"')),
    { h: inside },
    { switches: { handlerTimeoutMs: 2_000 } },
  );
  const path = join(sandbox.root, 'var', 'inside');
  assert.equal((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).error?.code, '1');
  assert.equal(readFileSync(path, 'utf8'), '');
  Object.assign(sandbox.switches, { blockNested: false, handlerTimeoutMs: 60_000 });
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).ok);
  assert.match(readFileSync(path, 'utf8'), /example.org/u);
  sandbox.switches.blockNested = true;
  writePlugin(sandbox.root, handler('f', on('final="yes"')));
  writeHandler(sandbox.root, 'f', 'sbin/mgrctl domain >var/f.new && mv var/f.new var/f; echo nonsense');
  sandbox.restartPanel();
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', { ...EDIT, name: 'z' })).ok);
  await appears(join(sandbox.root, 'var', 'f'));
  assert.match(readFileSync(join(sandbox.root, 'var', 'f'), 'utf8'), /^name=example.org /u);
});

test('zones made by web, mail and user functions do not fire domain.edit, unless the switch says so', async (t) => {
  const sandbox = await withHandler(t, handler('no', on('before="yes"', 'domain.edit')), {
    no: `cat >var/stdin; echo "$QUERY_STRING" >var/query; ${REFUSE}`,
  });
  assert.ok((await asAlice(sandbox, 'wwwdomain.edit', { domain: 'a.example', sok: 'ok' })).ok);
  sandbox.switches.fireNested = true;
  assert.equal(
    (await asAlice(sandbox, 'wwwdomain.edit', { domain: 'b.example', sok: 'ok' })).error?.code,
    '8',
  );
  assert.equal(
    (await asAlice(sandbox, 'emaildomain.edit', { name: 'b.example', sok: 'ok' })).error?.code,
    '8',
  );
  assert.equal(
    readFileSync(join(sandbox.root, 'var', 'query'), 'utf8').trim(),
    'func=domain.edit&elid=&name=b.example&ip=&sok=ok',
  );
  assert.deepEqual(sandbox.zones(), ['a.example', 'example.org']);
  assert.ok(
    (await asAlice(sandbox, 'wwwdomain.edit', { domain: 'c.a.example', sok: 'ok' })).ok,
    'no new zone, no event',
  );
});

test('a function that a plugin implements, with its lowest level', async (t) => {
  const func = '<handler name="conf" type="cgi"><func minlevel="7">zonemirror</func></handler>';
  const sandbox = await withHandler(t, func, {
    conf: `echo "<doc><host>$REMOTE_USER $HANDLER_STAGE</host></doc>"`,
  });
  assert.equal((await asAlice(sandbox, 'zonemirror')).error?.code, '6');
  const answer = await sandbox.call('zonemirror', {}, { user: 'root', password: 'rp' });
  assert.equal(child(answer.doc!, 'host')?.text, 'root ');
});

test('a broken description file is named in the log and the others work; stderr of handlers is in the log', async (t) => {
  const sandbox = await withHandler(t, handler('h', on('before="yes"')), {
    h: 'echo oops >&2; echo "<doc/>"',
  });
  writeFileSync(join(sandbox.root, 'etc', 'ispmgr_mod_broken.xml'), '<mgrdata><handler name="x"');
  sandbox.restartPanel();
  assert.ok((await asAlice(sandbox, 'domain.sublist.edit', EDIT)).ok);
  const log = readFileSync(join(sandbox.root, 'var', 'ispmgr.log'), 'utf8');
  assert.match(log, /Plugin file ispmgr_mod_broken.xml cannot be used/u);
  assert.match(log, /^oops$/mu);
});
