/** Tests the pages of version 5/6 and DNSmanager, in a browser that runs no scripts. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PageUser, tokenIn } from '../shared/page-user.ts';
import type { Generation, Sandbox } from '../index.ts';
import { asAlice, listen, testSandbox, writeHandler } from '../testing.ts';

interface Scene {
  readonly sandbox: Sandbox;
  readonly person: PageUser;
  /** Sends the form of a function, or presses a button of a list. */
  readonly send: (
    func: string,
    fields: Readonly<Record<string, string>>,
    rows?: readonly string[],
  ) => Promise<string>;
}

async function scene(t: TestContext, generation: Generation, name = 'alice', lang = 'en'): Promise<Scene> {
  const sandbox = await testSandbox(t, {
    generation,
    switches: { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false },
  });
  const person = new PageUser(sandbox, generation === 'dnsmgr' ? 'dnsmgr' : 'ispmgr');
  await person.logIn(name, name === 'alice' ? 'a:p&w=d' : 'rp', lang);
  const token = tokenIn((await person.see({ func: 'domain.edit' })).body);
  const send: Scene['send'] = async (func, fields, rows = []) => {
    const sent = { func, sok: 'ok', page_token: token, sv_field: '', ...fields };
    const boxes = rows.map((row): [string, string] => ['row', row]);
    const { body, location } = await person.send([...Object.entries(sent), ...boxes]);
    return location === '' ? body : decodeURIComponent(location.replaceAll('+', ' '));
  };
  return { sandbox, person, send };
}

test('login sets the session and the language; the menu is that of the level', async (t) => {
  const { sandbox, person } = await scene(t, 'v6', 'alice', 'ru');
  assert.match(person.set[0] ?? '', /^ispmgrses5=[0-9a-f]{24};/);
  assert.match(person.set[1] ?? '', /^ispmgrlang5=orion%3Aru;/);
  const { body } = await person.see({ func: 'domain' });
  assert.match(body, /<h1>Управление DNS<\/h1>/);
  assert.doesNotMatch(body, /Модули/);
  const five = new PageUser(sandbox);
  assert.match((await five.logIn('alice', 'wrong')).body, /role="alert"/);
});

test('create, change of the type, an error that marks the field, save, delete of several', async (t) => {
  const { sandbox, person, send } = await scene(t, 'v6');
  listen(sandbox, 'spy', 'env | sort >var/env; echo "<doc/>"', ['domain.record.edit before']);
  assert.equal(
    await send('domain.edit', { elid: '', name: 'a.example', ip: '192.0.2.1' }),
    '/ispmgr?func=domain',
  );
  const form = { plid: 'a.example', elid: '', name: 'x', ttl: '60' };
  const anew = await send('domain.record.edit', { ...form, rtype: 'srv', sv_field: 'rtype' });
  assert.match(anew, /id="srvdomain".*/s);
  assert.match(anew, /value="x" id="name"/);
  assert.doesNotMatch(anew, /id="ip"/);
  const spied = readFileSync(join(sandbox.root, 'var/env'), 'utf8');
  assert.match(spied, /^PARAM_sv_field=rtype$/m);
  assert.doesNotMatch(spied, /PARAM_sok/);
  assert.match(spied, /^HTTP_ACCEPT_LANGUAGE=ru-RU/m);
  assert.match(spied, /^HTTP_COOKIE=ispmgrses5=/m);
  const wrong = await send('domain.record.edit', { ...form, rtype: 'mx', domain: 'm', priority: 'many' });
  assert.match(wrong, /role="alert">The value of the field &#39;priority&#39;/);
  assert.match(wrong, /value="many" id="priority" name="priority" aria-invalid="true"/);
  for (const name of ['x', 'y']) {
    const saved = await send('domain.record.edit', { ...form, name, rtype: 'a', ip: '192.0.2.7' });
    assert.equal(saved, '/ispmgr?func=domain.record&elid=a.example');
  }
  assert.match(readFileSync(join(sandbox.root, 'var/env'), 'utf8'), /^PARAM_clicked_button=ok$/m);
  const { body } = await person.see({ func: 'domain.record', elid: 'a.example' });
  assert.match(body, /data-key="x\.a\.example\. A {2}192\.0\.2\.7".*<td>60<\/td>/s);
  const keys = ['x.a.example. A  192.0.2.7', 'y.a.example. A  192.0.2.7'];
  const names = Object.fromEntries(keys.map((key) => [`rowname ${key}`, key.split(' ')[0] ?? '']));
  await send('domain.record', { act: 'domain.record.delete', plid: 'a.example', ...names }, keys);
  const request = sandbox.requests.find(({ func }) => func === 'domain.record.delete');
  assert.deepEqual(
    [request?.params['elid'], request?.params['elname'], request?.params['sform']],
    [keys.join(', '), 'x.a.example., y.a.example.', 'ajax'],
  );
  assert.equal(
    sandbox.keys('a.example')?.some((key) => / A {2}192\.0\.2\.7/.test(key)),
    false,
  );
});

test('version 6 asks before it deletes a zone, version 5 and DNSmanager do not', async (t) => {
  for (const generation of ['v5', 'v6', 'dnsmgr'] as const) {
    const { sandbox, send } = await scene(t, generation);
    await asAlice(sandbox, 'domain.edit', { name: 'a.example', sok: 'ok' });
    assert.match(await send('domain', { act: 'domain.delete' }), /role="alert">Select at least one row/);
    const act = generation === 'v6' ? 'domain.delete.request' : 'domain.delete';
    const next = await send('domain', { act }, ['a.example']);
    assert.equal(sandbox.zones().length, generation === 'v6' ? 1 : 0, next);
    if (generation !== 'v6') continue;
    assert.equal(next, '/ispmgr?func=domain.delete.request&elid=a.example');
    assert.equal(await send('domain.delete.request', { elid: 'a.example' }), '/ispmgr?func=domain');
    assert.deepEqual(sandbox.zones(), []);
  }
});

test('a site is made by site.edit in version 6', async (t) => {
  const { sandbox, person, send } = await scene(t, 'v6');
  assert.match((await person.see({ func: 'site.edit', elid: '' })).body, /id="site_name"/);
  await send('site.edit', { elid: '', site_name: 's.example', site_aliases: '', site_ipaddrs: '192.0.2.9' });
  assert.match((await person.see({ func: 'webdomain' })).body, /<td>www\.s\.example<\/td>/);
  assert.ok(sandbox.keys('s.example')?.includes('www.s.example. A  192.0.2.9'));
});

test('DNSmanager: the fields of a zone follow its kind', async (t) => {
  const { sandbox, send } = await scene(t, 'dnsmgr');
  const slave = await send('domain.edit', { dtype: 'slave', name: 'b.example', sv_field: 'dtype' });
  assert.match(slave, /id="masterip"/);
  assert.doesNotMatch(slave, /id="email"/);
  await send('domain.edit', { elid: '', dtype: 'slave', name: 'b.example', masterip: '192.0.2.2' });
  assert.deepEqual(sandbox.zones(), ['b.example']);
});

const CONF = `<mgrdata>
<handler name="conf" type="cgi" level="admin+"><func name="conf"/></handler>
<metadata name="conf" type="form"><form><page name="p">
  <field name="host"><input type="text" name="host" required="yes"/></field>
  <field name="mode"><select name="mode"/></field><field name="box"><input type="checkbox" name="box"/></field>
</page></form></metadata>
<mainmenu level="admin+"><node name="tool"><node name="conf" type="form"/></node>
<modernmenu><node name="settings"><node name="conf"/></node></modernmenu></mainmenu>
<lang name="en"><messages name="desktop"><msg name="menu_conf">Old entry</msg><msg name="modernmenu_conf">New entry</msg></messages>
<messages name="conf"><msg name="title">Conf</msg><msg name="host">The host</msg><msg name="fast">Quick</msg></messages></lang></mgrdata>`;

test('a plugin: menu of the generation, form, error with its text, settings behind the Modules page', async (t) => {
  for (const [generation, entry, other] of [
    ['v6', 'New entry', 'Old entry'],
    ['v5', 'Old entry', 'New entry'],
  ] as const) {
    const { sandbox, person, send } = await scene(t, generation, 'root');
    const { root } = sandbox;
    writeFileSync(join(root, 'etc/xml/ispmgr_mod_conf.xml'), CONF);
    writeFileSync(
      join(root, 'etc/plugins/ispmgr/conf.xml'),
      `<mgrdata><plugin name="conf"><settings>conf</settings><msg name="desc_short" lang="en">My module</msg>
       <msg name="desc_full" lang="ru" dist="3">nein</msg></plugin></mgrdata>`,
    );
    writeHandler(
      root,
      'conf',
      `env >var/env; [ -n "$PARAM_sok" ] && echo '<doc><error type="value" object="host"><detail>Not there</detail></error></doc>' && exit
echo '<doc><host>h</host><mode>b</mode><slist name="mode"><msg>fast</msg><val key="b">Slow</val></slist></doc>'`,
    );
    sandbox.restartPanel();
    const modules = (await person.see({ func: 'plugin' })).body;
    assert.match(modules, /<td>My module<\/td><td><\/td><td><a class="button" href="\?func=conf">Settings/);
    assert.ok(modules.includes(entry) && !modules.includes(other));
    const form = (await person.see({ func: 'conf' })).body;
    assert.match(form, /The host<\/label>.*value="h" id="host"/s);
    assert.match(form, /<option value="fast">Quick<\/option><option value="b" selected>Slow/);
    const answer = await send('conf', { host: 'typed', mode: 'fast', box: 'off' });
    assert.match(answer, /role="alert">Not there<.*class="field invalid"><label for="host"/s);
    assert.match(answer, /value="typed" id="host".*<option value="fast" selected>Quick/s);
    assert.match(readFileSync(join(root, 'var/env'), 'utf8'), /^PARAM_box=off$/m);
    assert.match(await send('conf', { host: '' }), /role="alert">The value of the field/);
  }
});
