import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { USERS, asAlice, makeZone, testSandbox } from '../testing.ts';
import { child, parseXml } from '../shared/xml.ts';

/** Makes an HTTP request without the sandbox's own client, as any other program would. */
async function raw(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; type: string | null; body: string }> {
  const response = await fetch(url, init);
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

const LOGIN = 'authinfo=root:rp';

test('every address answers GET, urlencoded and multipart POST, body and query merged', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const form = new FormData();
  form.set('func', 'domain');
  form.set('out', 'xml');
  for (const path of ['/manager/ispmgr', '/manager/ispmgr/core', '/ispmgr', '/']) {
    const get = await raw(`${sandbox.url}${path}?${LOGIN}&out=xml&func=domain`);
    const post = await raw(`${sandbox.url}${path}?out=xml`, {
      method: 'POST',
      body: new URLSearchParams(`${LOGIN}&func=domain`),
    });
    const multipart = await raw(`${sandbox.url}${path}?${LOGIN}`, { method: 'POST', body: form });
    assert.equal(get.type, 'text/xml');
    assert.match(
      get.body,
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<doc><elem><name>example.org<\/name>/u,
    );
    assert.equal(post.body, get.body, path);
    assert.equal(multipart.body, get.body, path);
  }
  assert.equal((await raw(`${sandbox.url}/elsewhere`)).status, 404);
});

test('careless addresses work: a bare colon, plus for space; odd bytes come back as XML', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const get = async (rest: string): Promise<string> => {
    const { body } = await raw(`${sandbox.url}/ispmgr?authinfo=root:rp&out=xml&${rest}`);
    return body;
  };
  const edit = 'func=domain.sublist.edit&plid=example.org&elid=example.org.+A++192.0.2.1';
  assert.match(await get(`${edit}&name=@&sdtype=TXT&addr=zw%C3%B6lf&sok=ok`), /<ok\/>/u);
  assert.equal(sandbox.records('example.org')?.[1]?.addr, 'zwölf');
  const odd = parseXml(await get('func=domain.sublist&elid=%01%26%3Cx%0d'));
  assert.match(child(odd, 'error')?.text ?? '', /'&<x'/u);
});

test('text, json and no out at all', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const base = `${sandbox.url}/ispmgr?${LOGIN}&func=domain`;
  assert.equal(
    (await raw(`${base}&out=text`)).body,
    'name=example.org dispname=example.org owner=alice ip=192.0.2.1 active=\n',
  );
  assert.deepEqual(JSON.parse((await raw(`${base}&out=json`)).body), {
    elem: [{ name: 'example.org', dispname: 'example.org', owner: 'alice', ip: '192.0.2.1', active: 'on' }],
  });
  const page = await raw(base);
  assert.match(page.type ?? '', /^text\/html/u);
  assert.match(page.body, /^<!DOCTYPE html>\n<html>/u);
  assert.match(
    (await raw(`${base}.edit&elid=nowhere.example&out=text`)).body,
    /<error code="3" obj="domain">/u,
  );
  assert.deepEqual(
    JSON.parse((await raw(`${base}.edit&elid=nowhere.example&out=json`)).body).error.code,
    '3',
  );
});

test('a wrong login: authfail, code 100 or plain text, always with status 200', async (t) => {
  const sandbox = await testSandbox(t, { switches: { authRefusal: 'authfail' } });
  const wrong = (): Promise<{ status: number; body: string }> =>
    raw(`${sandbox.url}/ispmgr?authinfo=alice:no&func=domain&out=xml`);
  assert.match((await wrong()).body, /<doc><authfail\/><\/doc>/u);
  assert.equal((await raw(`${sandbox.url}/ispmgr?func=domain&out=json`)).body, '{"authfail":""}');
  sandbox.switches.authRefusal = 'code100';
  assert.match((await wrong()).body, /<error code="100">access deny<\/error>/u);
  sandbox.switches.authRefusal = 'plain';
  assert.deepEqual({ ...(await wrong()), type: '' }, { status: 200, body: 'access deny', type: '' });
  assert.equal((await asAlice(sandbox, 'domain')).status, 200);
  sandbox.switches.restrictAuthinfo = true;
  assert.equal((await asAlice(sandbox, 'domain')).body, 'access deny');
});

test('a session by parameter and by cookie; it ends by the clock, and by session.delete', async (t) => {
  let now = 1_000_000;
  const sandbox = await testSandbox(t, { clock: () => now });
  const login = await sandbox.call('auth', { username: 'alice', password: 'a:p&w=d', checkcookie: 'no' });
  const auth = child(login.doc!, 'auth')!;
  assert.match(auth.text, /^\d+$/u);
  assert.equal(auth.attributes['id'], auth.text);
  const cookie = String(login.headers['set-cookie']).split(';')[0]!;
  assert.equal(cookie, `ispmgr4=sirius:en:${auth.text}`);
  const byCookie = await raw(`${sandbox.url}/ispmgr?func=domain&out=xml`, { headers: { cookie } });
  assert.match(byCookie.body, /<doc\/>/u);
  now += 29 * 60_000;
  assert.match((await sandbox.call('domain', {}, { auth: auth.text })).body, /<doc\/>/u);
  now += 29 * 60_000;
  assert.equal((await sandbox.call('domain', {}, { auth: auth.text })).error, null);
  now += 31 * 60_000;
  assert.equal((await sandbox.call('domain', {}, { auth: auth.text })).error?.code, '100');
  const again = child(
    (await sandbox.call('auth', { username: 'alice', password: 'a:p&w=d' })).doc!,
    'auth',
  )!.text;
  const ended = await sandbox.call('session.delete', { elid: again }, { auth: again, out: 'json' });
  assert.equal(ended.body, '{"result":"OK"}');
  assert.equal((await sandbox.call('domain', {}, { auth: again })).error?.code, '100');
  assert.match((await sandbox.call('auth', { username: 'alice', password: 'no' })).body, /<authfail\/>/u);
});

test('key login works once, for those below only', async (t) => {
  const sandbox = await testSandbox(t);
  const seller = { user: 'seller', password: 'sp' };
  const key = 'k'.repeat(20);
  assert.ok((await sandbox.call('session.newkey', { username: 'bob', key }, seller)).ok);
  assert.match((await sandbox.call('auth', { username: 'alice', key })).body, /authfail/u);
  assert.match((await sandbox.call('auth', { username: 'bob', key })).body, /<auth id=/u);
  assert.match((await sandbox.call('auth', { username: 'bob', key })).body, /authfail/u);
  assert.equal((await sandbox.call('session.newkey', { username: 'alice', key }, seller)).error?.code, '6');
  assert.equal((await asAlice(sandbox, 'session.newkey', { username: 'alice', key })).error?.code, '6');
});

test('levels: own zones only, su downwards only, owner for those above', async (t) => {
  const sandbox = await testSandbox(t, { users: [...USERS, { name: 'zadmin', password: 'zp', level: 7 }] });
  const root = { user: 'root', password: 'rp' };
  const seller = { user: 'seller', password: 'sp' };
  await makeZone(sandbox);
  assert.equal((await sandbox.call('domain', { su: 'zadmin' }, root)).error?.code, '6');
  assert.ok((await sandbox.call('domain.edit', { name: 'bob.example', owner: 'bob', sok: 'ok' }, seller)).ok);
  const names = async (as: typeof root): Promise<(string | undefined)[]> =>
    (await sandbox.call('domain', {}, as)).elems.map((row) => row['name']);
  assert.deepEqual(await names(root), ['bob.example', 'example.org']);
  assert.deepEqual(await names(seller), ['bob.example']);
  assert.deepEqual(await names({ user: 'bob', password: 'bp' }), ['bob.example']);
  assert.deepEqual(
    (await sandbox.call('domain', { su: 'alice' }, root)).elems.map((row) => row['name']),
    ['example.org'],
  );
  assert.equal((await sandbox.call('domain', { su: 'alice' }, seller)).error?.code, '6');
  assert.equal((await asAlice(sandbox, 'domain', { su: 'root' })).error?.code, '6');
  assert.equal((await sandbox.call('domain', { su: 'nobody' }, root)).error?.code, '3');
  assert.equal((await asAlice(sandbox, 'user')).error?.code, '6');
  const form = await asAlice(sandbox, 'domain.edit', { elid: 'example.org' });
  assert.equal(child(form.doc!, 'owner'), undefined);
});

test('zones of another account: create says exists, access is denied or missing', async (t) => {
  const sandbox = await testSandbox(t);
  const bob = { user: 'bob', password: 'bp' };
  await makeZone(sandbox);
  assert.deepEqual(
    (await sandbox.call('domain.edit', { name: 'Example.ORG.', sok: 'ok' }, bob)).error?.code,
    '2',
  );
  assert.equal(
    (await sandbox.call('domain.edit', { name: 'sub.example.org', sok: 'ok' }, bob)).error?.code,
    '6',
  );
  for (const func of ['domain.sublist', 'domain.delete', 'domain.edit', 'soa.edit']) {
    assert.equal((await sandbox.call(func, { elid: 'example.org' }, bob)).error?.code, '6', func);
  }
  sandbox.switches.foreignZone = 3;
  assert.equal((await sandbox.call('domain.sublist', { elid: 'example.org' }, bob)).error?.code, '3');
  assert.deepEqual(sandbox.zones(), ['example.org']);
});

test('the domain limit is code 5, bad values code 4, unknown functions an error', async (t) => {
  const sandbox = await testSandbox(t);
  for (const name of ['a.example', 'b.example', 'c.example']) await makeZone(sandbox, name);
  const create = (params: Record<string, string>): ReturnType<typeof asAlice> =>
    asAlice(sandbox, 'domain.edit', { elid: '', sok: 'ok', ...params });
  assert.deepEqual((await create({ name: 'd.example' })).error?.code, '5');
  for (const name of ['', 'nodot', 'a..example', '-a.example', `${'x'.repeat(64)}.example`, 'a b.example']) {
    assert.deepEqual((await create({ name })).error?.val, 'name', name);
  }
  assert.equal((await create({ name: 'e.example', ip: '1.2.3' })).error?.val, 'ip');
  Object.assign(sandbox.switches, { nsRequired: true, requireIp: true, errorTexts: false });
  const error = (await create({ name: 'e.example' })).error;
  assert.deepEqual(error, { code: '4', obj: '', val: 'ns', text: '' });
  assert.equal((await create({ name: 'e.example', ns: 'ns1.example.net.' })).error?.val, 'ip');
  assert.equal((await asAlice(sandbox, 'no.such')).error?.code, '1');
});

test('the form for a new zone shows what the panel would use, and a zone created empty-handed has it', async (t) => {
  const sandbox = await testSandbox(t);
  const form = (await asAlice(sandbox, 'domain.edit')).doc!;
  const shown = Object.fromEntries(form.children.map((one) => [one.name, one.text]));
  assert.equal(shown['ns'], 'ns1.panel.example. ns2.panel.example.');
  assert.equal(shown['ip'], '192.0.2.10');
  assert.equal(shown['mx'], 'mail');
  assert.ok((await asAlice(sandbox, 'domain.edit', { name: 'example.org', sok: 'yes' })).ok);
  assert.deepEqual(sandbox.keys('example.org'), [
    'example.org. NS  ns1.panel.example.',
    'example.org. NS  ns2.panel.example.',
    'example.org. A  192.0.2.10',
    'www A  192.0.2.10',
    'mail A  192.0.2.10',
    'ftp A  192.0.2.10',
    'pop A  192.0.2.10',
    'smtp A  192.0.2.10',
    'example.org. MX 10 mail.example.org.',
    'example.org. TXT  v=spf1 ip4:192.0.2.10 a mx ~all',
  ]);
});

test('changing a zone: fields not sent stay, ip moves the records that had it', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  assert.ok((await asAlice(sandbox, 'domain.edit', { elid: 'example.org', ip: '192.0.2.7', sok: 'ok' })).ok);
  assert.deepEqual(sandbox.keys('example.org'), [
    'example.org. NS  ns1.example.net.',
    'example.org. A  192.0.2.7',
  ]);
  assert.ok(
    (await asAlice(sandbox, 'domain.edit', { elid: 'example.org', ns: 'ns9.example.net.', sok: 'ok' })).ok,
  );
  assert.deepEqual(sandbox.keys('example.org')?.[0], 'example.org. NS  ns9.example.net.');
});

test('soa.edit shows and saves; the serial grows with every change', async (t) => {
  const sandbox = await testSandbox(t, { clock: () => Date.UTC(2026, 0, 2) });
  await makeZone(sandbox);
  const soa = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await asAlice(sandbox, 'soa.edit', { elid: 'example.org' })).doc!.children.map((one) => [
        one.name,
        one.text,
      ]),
    );
  assert.equal((await soa())['serial'], '2026010201');
  await asAlice(sandbox, 'domain.sublist.edit', {
    plid: 'example.org',
    name: 'a',
    sdtype: 'A',
    addr: '192.0.2.3',
    sok: 'ok',
  });
  assert.equal((await soa())['serial'], '2026010202');
  assert.equal(
    (await asAlice(sandbox, 'soa.edit', { elid: 'example.org', ttl: 'long', sok: 'ok' })).error?.val,
    'ttl',
  );
  assert.ok((await asAlice(sandbox, 'soa.edit', { elid: 'example.org', ttl: '600', sok: 'ok' })).ok);
  assert.equal((await soa())['ttl'], '600');
});

test('deleting: a group goes element by element, the confirming form deletes with sok only', async (t) => {
  const sandbox = await testSandbox(t);
  for (const name of ['a.example', 'b.example', 'c.example']) await makeZone(sandbox, name);
  const form = await asAlice(sandbox, 'domain.delete.confirm', { elid: 'a.example' });
  assert.equal(child(form.doc!, 'elid')?.text, 'a.example');
  assert.deepEqual(sandbox.zones(), ['a.example', 'b.example', 'c.example']);
  assert.ok((await asAlice(sandbox, 'domain.delete.confirm', { elid: 'a.example', sok: 'ok' })).ok);
  const answer = await asAlice(sandbox, 'domain.delete', { elid: 'b.example, gone.example, c.example' });
  assert.deepEqual([answer.error?.code, answer.error?.obj], ['3', 'domain']);
  assert.deepEqual(sandbox.zones(), ['c.example']);
});

test('IDN: punycode identifier, readable dispname, either spelling accepted', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox, 'пример.example');
  const [row] = (await asAlice(sandbox, 'domain')).elems;
  assert.deepEqual([row?.['name'], row?.['dispname']], ['xn--e1afmkfd.example', 'пример.example']);
  assert.equal((await asAlice(sandbox, 'domain.sublist', { elid: 'пример.example' })).elems.length, 2);
});

test('web and mail options and functions make their domains, and zones where none is', async (t) => {
  const sandbox = await testSandbox(t, {
    switches: { defaultHosts: ['@'], defaultSpf: false, defaultMxRecords: false },
  });
  assert.ok((await asAlice(sandbox, 'domain.edit', { name: 'a.example', webdomain: 'on', sok: 'ok' })).ok);
  assert.deepEqual(sandbox.keys('a.example')?.slice(2), [
    'a.example. A  192.0.2.10',
    'www A  192.0.2.10',
    'ftp A  192.0.2.10',
  ]);
  assert.deepEqual(
    (await asAlice(sandbox, 'wwwdomain')).elems.map((row) => row['name']),
    ['a.example'],
  );
  assert.ok(
    (await asAlice(sandbox, 'wwwdomain.edit', { domain: 'shop.a.example', ip: '192.0.2.5', sok: 'ok' })).ok,
  );
  assert.ok(
    (
      await asAlice(sandbox, 'wwwdomain.edit', {
        domain: 'b.example',
        alias: 'www.b.example',
        ip: '192.0.2.6',
        sok: 'ok',
      })
    ).ok,
  );
  assert.ok(sandbox.keys('a.example')?.includes('shop A  192.0.2.5'));
  assert.ok(sandbox.keys('b.example')?.includes('www A  192.0.2.6'));
  assert.ok((await asAlice(sandbox, 'emaildomain.edit', { name: 'c.example', sok: 'ok' })).ok);
  assert.ok(sandbox.keys('c.example')?.includes('pop A  192.0.2.10'));
  assert.ok((await asAlice(sandbox, 'emaildomain.delete', { elid: 'c.example' })).ok);
  assert.deepEqual(sandbox.zones(), ['a.example', 'b.example', 'c.example']);
  const webs = async (): Promise<(string | undefined)[]> =>
    (await asAlice(sandbox, 'wwwdomain')).elems.map((row) => row['name']);
  assert.ok((await asAlice(sandbox, 'domain.delete', { elid: 'a.example' })).ok);
  assert.deepEqual(await webs(), ['a.example', 'b.example', 'shop.a.example']);
  assert.ok((await asAlice(sandbox, 'domain.delete', { elid: 'b.example', webdomain: 'on' })).ok);
  assert.deepEqual(await webs(), ['a.example', 'shop.a.example']);
});

test('user functions: an account with its first zone; with the account the zones go', async (t) => {
  const sandbox = await testSandbox(t);
  const seller = { user: 'seller', password: 'sp' };
  const carol = { name: 'carol', passwd: 'cp', confirm: 'cp', domain: 'carol.example', domainlimit: '1' };
  assert.equal(
    (await sandbox.call('user.edit', { ...carol, confirm: 'x', sok: 'ok' }, seller)).error?.val,
    'confirm',
  );
  assert.ok((await sandbox.call('user.edit', { ...carol, sok: 'ok' }, seller)).ok);
  assert.deepEqual(
    (await sandbox.call('domain', {}, { user: 'carol', password: 'cp' })).elems[0]?.['owner'],
    'carol',
  );
  assert.equal((await sandbox.call('user.edit', { ...carol, sok: 'ok' }, seller)).error?.code, '2');
  assert.ok((await sandbox.call('user.delete', { elid: 'carol' }, seller)).ok);
  assert.deepEqual(sandbox.zones(), []);
  assert.equal((await sandbox.call('user.delete', { elid: 'carol' }, seller)).error?.code, '3');
});

test('a failed function leaves nothing half-made', async (t) => {
  const sandbox = await testSandbox(t);
  const root = { user: 'root', password: 'rp' };
  await makeZone(sandbox);
  const failed = await sandbox.call(
    'user.edit',
    { name: 'dave', passwd: 'x', domain: 'example.org', sok: 'ok' },
    root,
  );
  assert.equal(failed.error?.code, '2');
  assert.equal((await sandbox.call('user.edit', { elid: 'dave' }, root)).error?.code, '3');
});

test('banners stand between rows, a cut list says so, a filter hides without a word', async (t) => {
  const sandbox = await testSandbox(t, { switches: { recordLimit: 2 } });
  for (const name of ['a.example', 'b.example', 'c.example']) await makeZone(sandbox, name);
  const cut = (await asAlice(sandbox, 'domain')).doc!;
  assert.deepEqual(
    cut.children.map((one) => one.attributes['id'] ?? one.name),
    ['elem', 'news', 'elem', 'recordlimit'],
  );
  Object.assign(sandbox.switches, { recordLimit: 0, banners: false, filters: { alice: 'b' } });
  assert.deepEqual(
    (await asAlice(sandbox, 'domain')).elems.map((row) => row['name']),
    ['b.example'],
  );
});

test('a late change shows to reads only later, though it is made', async (t) => {
  let now = 0;
  const sandbox = await testSandbox(t, { clock: () => now });
  await makeZone(sandbox);
  sandbox.switches.lateVisibilityMs = 1000;
  await asAlice(sandbox, 'domain.sublist.delete', { plid: 'example.org', elid: 'example.org. A  192.0.2.1' });
  const visible = async (): Promise<number> =>
    (await asAlice(sandbox, 'domain.sublist', { elid: 'example.org' })).elems.length;
  assert.deepEqual([await visible(), sandbox.keys('example.org')?.length], [2, 1]);
  now = 500;
  await asAlice(sandbox, 'domain.sublist.delete', {
    plid: 'example.org',
    elid: 'example.org. NS  ns1.example.net.',
  });
  assert.deepEqual([await visible(), sandbox.keys('example.org')?.length], [2, 0]);
  now = 1001;
  assert.equal(await visible(), 1);
  now = 1501;
  assert.equal(await visible(), 0);
});

test('requests are kept and logged without secrets; a body that is too large is not read', async (t) => {
  const sandbox = await testSandbox(t);
  await asAlice(sandbox, 'usrparam', { passwd: 'new', confirm: 'new', sok: 'ok' });
  assert.deepEqual(sandbox.requests.at(-1), {
    time: sandbox.requests.at(-1)?.time,
    via: 'http',
    method: 'POST',
    func: 'usrparam',
    user: 'alice',
    params: { out: 'xml', func: 'usrparam', sok: 'ok' },
    outcome: 'ok',
  });
  const closed = new Promise((resolve) => {
    const sent = request(`${sandbox.url}/ispmgr`, { method: 'POST' });
    sent.on('error', resolve);
    sent.end('x'.repeat(5 * 1024 * 1024));
  });
  assert.ok((await closed) instanceof Error);
});
