/** Tests the pages of ISPmanager 4, in a browser that runs no scripts. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Sandbox } from '../index.ts';
import { PageUser, tokenIn } from '../shared/page-user.ts';
import { asAlice, makeZone, testSandbox, writeHandler } from '../testing.ts';

async function alice(t: TestContext, lang = 'en'): Promise<{ sandbox: Sandbox; person: PageUser }> {
  const sandbox = await testSandbox(t);
  const person = new PageUser(sandbox);
  await person.logIn('alice', 'a:p&w=d', lang);
  return { sandbox, person };
}

test('nobody sees anything without a login; a wrong one is said, a right one leads to the domains', async (t) => {
  const person = new PageUser(await testSandbox(t));
  assert.match((await person.see({ func: 'domain' })).body, /id="password"/);
  const wrong = await person.logIn('alice', 'nonsense');
  assert.match(wrong.body, /role="?alert/);
  assert.equal(wrong.body.includes('nonsense'), false);
  const right = await person.logIn('alice', 'a:p&w=d');
  assert.deepEqual([right.status, right.location], [303, '/ispmgr?func=domain']);
  assert.match((await person.see({ func: 'domain' })).body, /<h1>Domain names<\/h1>/);
});

test('the language is the one chosen at the login', async (t) => {
  const { person } = await alice(t, 'ru');
  assert.match((await person.see({ func: 'domain' })).body, /<h1>Доменные имена<\/h1>/);
});

test('a link changes nothing; a form with its token does, and leads back to the list', async (t) => {
  const { sandbox, person } = await alice(t);
  await makeZone(sandbox);
  const form = {
    func: 'domain.sublist.edit',
    plid: 'example.org',
    elid: '',
    name: 'x',
    sdtype: 'A',
    addr: '192.0.2.9',
  };
  const opened = await person.see({ ...form, sok: 'ok' });
  assert.equal(sandbox.keys('example.org')?.includes('x A  192.0.2.9'), false);
  await person.send({ ...form, sok: 'ok' });
  assert.equal(sandbox.keys('example.org')?.includes('x A  192.0.2.9'), false);
  const sent = await person.send({ ...form, sok: 'ok', page_token: tokenIn(opened.body) });
  assert.deepEqual([sent.status, sent.location], [303, '/ispmgr?func=domain.sublist&elid=example.org']);
  assert.ok(sandbox.keys('example.org')?.includes('x A  192.0.2.9'));
});

test('a refused form says why and keeps what was typed, escaped', async (t) => {
  const { sandbox, person } = await alice(t);
  await makeZone(sandbox);
  const form = {
    func: 'domain.sublist.edit',
    plid: 'example.org',
    elid: '',
    name: '"><b>',
    sdtype: 'A',
    addr: 'nonsense',
  };
  const opened = await person.see({ func: form.func, plid: form.plid, elid: '' });
  const { status, body } = await person.send({ ...form, sok: 'ok', page_token: tokenIn(opened.body) });
  assert.equal(status, 200);
  assert.match(body, /role="?alert/);
  assert.match(body, /value="nonsense"/);
  assert.equal(body.includes('"><b>'), false);
});

test('what the pages do goes through the plugins like any call', async (t) => {
  const sandbox = await testSandbox(t);
  const xml = `<mgrdata><handler name="no" type="cgi"><event before="yes">domain.delete</event></handler></mgrdata>`;
  writeFileSync(join(sandbox.root, 'etc/ispmgr_mod_no.xml'), xml);
  writeHandler(sandbox.root, 'no', `echo '<doc><error code="9">not today</error></doc>'`);
  sandbox.restartPanel();
  await makeZone(sandbox);
  const person = new PageUser(sandbox);
  await person.logIn('alice', 'a:p&w=d');
  const list = await person.see({ func: 'domain' });
  const { body } = await person.send({
    func: 'domain.delete',
    elid: 'example.org',
    sok: 'ok',
    page_token: tokenIn(list.body),
  });
  assert.match(body, /not today/);
  assert.deepEqual(sandbox.zones(), ['example.org']);
});

test('the menu and pages of the administrator are not for users', async (t) => {
  const { sandbox, person } = await alice(t);
  assert.equal((await person.see({ func: 'domain' })).body.includes('Plugins'), false);
  assert.match((await person.see({ func: 'plugin' })).body, /role="?alert/);
  const root = new PageUser(sandbox);
  await root.logIn('root', 'rp');
  assert.match((await root.see({ func: 'domain' })).body, /func=plugin"/);
});

test('programs are answered as before: a page is for browsers only', async (t) => {
  const { sandbox } = await alice(t);
  await makeZone(sandbox);
  const answer = await asAlice(sandbox, 'domain');
  assert.match(answer.body, /<doc[ >]/);
});
