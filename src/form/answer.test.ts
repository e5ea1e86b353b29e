import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import { pathsOf } from '../app/paths.ts';
import { pauseEnd } from '../app/pause.ts';
import { child, childrenNamed, childText, type XmlElement } from '../net/xml.ts';
import { parseXml } from '../testing/parse-xml.ts';
import { answerForm } from './answer.ts';

let central: Sandbox;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'form-'));
  const users = [{ name: 'kunde42', password: 'pa;ss#wo=%rd', level: 5 }] as const;
  central = await startSandbox({ root: join(folder, 'central'), users });
});

after(async () => {
  await central.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Form {
  readonly root: string;
  ask(fields?: Readonly<Record<string, string>>, environment?: Record<string, string>): Promise<XmlElement>;
  settings(): string;
}

function makeForm(t: TestContext): Form {
  const root = mkdtempSync(join(folder, 'panel-'));
  for (const name of ['etc', 'addon', 'var']) mkdirSync(join(root, name));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const path = join(root, 'etc/domainsync.ini');
  return {
    root,
    ask: async (fields, environment = {}) => {
      const body = new URLSearchParams({
        func: 'domainsync',
        ...(fields === undefined ? {} : { sok: 'ok' }),
      });
      for (const [name, value] of Object.entries(fields ?? {})) body.set(name, value);
      const call = {
        environment: { SESSION_LEVEL: '7', ...environment },
        body: Buffer.from(body.toString()),
      };
      return parseXml(await answerForm(root, call));
    },
    settings: () => (existsSync(path) ? readFileSync(path, 'utf8') : ''),
  };
}

function wrong(doc: XmlElement, field: string): string {
  const error = child(doc, 'error');
  assert.equal(error?.attributes['val'] ?? '', field, JSON.stringify(doc));
  assert.equal(error?.attributes['code'], '9');
  return error?.text ?? '';
}

const right = { username: 'kunde42', password: 'pa;ss#wo=%rd' };
const host = (): string => central.url;

test('a certificate nobody vouches for is offered and then trusted, exactly that one', async (t) => {
  const form = makeForm(t);
  const first = await form.ask({ host: host(), ...right });
  const text = wrong(first, 'trust');
  assert.match(text, /SHA-256/);
  assert.match(text, /Nothing was saved/);
  assert.equal(form.settings(), '');
  // Issue 18: the text itself says why the certificate is not trusted, so it contains no code of OpenSSL.
  assert.doesNotMatch(text, /_CERT/);
  assert.equal(childText(first, 'passwordplace'), 'not set yet');
  const fingerprint = childText(first, 'fingerprint') ?? '';
  assert.equal(
    fingerprint.replaceAll(':', '').toLowerCase(),
    central.fingerprint.replaceAll(':', '').toLowerCase(),
  );
  assert.equal(childText(first, 'trust'), undefined);

  const second = await form.ask({ host: host(), ...right, fingerprint, trust: 'on' });
  assert.ok(child(second, 'ok'), JSON.stringify(second));
  assert.match(form.settings(), /password = pa;ss#wo=%rd/);
  assert.equal(statSync(join(form.root, 'etc/domainsync.ini')).mode & 0o777, 0o600);

  const opened = await form.ask();
  assert.equal(childText(opened, 'passwordplace'), 'in the settings file');
  assert.equal(childText(opened, 'username'), 'kunde42');
  assert.equal(childText(opened, 'trust'), 'on');
  assert.equal(JSON.stringify(opened).includes('pa;ss'), false);

  // The user sends no password, so the stored password is used. Only the contact is new.
  const third = await form.ask({
    host: host(),
    username: 'kunde42',
    fingerprint,
    trust: 'on',
    contact: 'call 123',
  });
  assert.ok(child(third, 'ok'), JSON.stringify(third));
  assert.match(form.settings(), /support = call 123/);
});

test('another certificate than the trusted one', async (t) => {
  const form = makeForm(t);
  const fingerprint = Array.from({ length: 32 }, () => 'AB').join(':');
  const doc = await form.ask({ host: host(), ...right, fingerprint, trust: 'on' });
  assert.match(wrong(doc, 'trust'), /another certificate/);
  assert.notEqual(childText(doc, 'fingerprint'), fingerprint);
});

test("the central's own error, at the field concerned; nothing saved", async (t) => {
  const form = makeForm(t);
  const trust = { fingerprint: central.fingerprint, trust: 'on' };
  const login = await form.ask({ host: host(), username: 'kunde42', password: 'wrong', ...trust });
  assert.match(wrong(login, 'password'), /user name or password/);
  assert.equal(childText(login, 'username'), 'kunde42');
  assert.equal(JSON.stringify(login).includes('wrong'), false);
  wrong(await form.ask({ host: '127.0.0.1:1', ...right, ...trust }), 'host');
  assert.match(
    wrong(await form.ask({ host: `http://${new URL(host()).host}`, ...right }), 'host'),
    /http:\/\//,
  );
  wrong(await form.ask({ host: '', ...right }), 'host');
  wrong(await form.ask({ host: host(), username: '', password: 'x' }), 'username');
  wrong(await form.ask({ host: host(), username: 'a:b', password: 'x' }), 'username');
  wrong(await form.ask({ host: host(), username: 'kunde42', password: '' }), 'password');
  wrong(await form.ask({ host: host(), username: 'kunde42', password: ' x', ...trust }), 'password');
  const otherKind = { host: central.address, kind: 'ispmanager6' };
  assert.match(wrong(await form.ask({ ...otherKind, ...right, ...trust }), 'kind'), /another kind/);
  const russian = await form.ask({ host: '', ...right }, { SESSION_LANG: 'ru' });
  assert.match(wrong(russian, 'host'), /Укажите адрес.*Ничего не сохранено/);
  assert.equal(form.settings(), '');
});

test('host or user changed: the stored password is not sent there', async (t) => {
  const form = makeForm(t);
  const text = `# kept\n[isp_master]\nhost = ${host()}\nusername = kunde42\npassword = pa;ss#wo=%rd\nfingerprint = ${central.fingerprint}\n`;
  writeFileSync(join(form.root, 'etc/domainsync.ini'), text);
  const trust = { fingerprint: central.fingerprint, trust: 'on' };
  assert.match(wrong(await form.ask({ host: host(), username: 'other', ...trust }), 'password'), /again/);
  assert.match(
    wrong(await form.ask({ host: 'localhost:1', username: 'kunde42', ...trust }), 'password'),
    /again/,
  );
  assert.equal(form.settings(), text);
  assert.ok(child(await form.ask({ host: host(), username: 'kunde42', ...trust }), 'ok'));
  assert.match(form.settings(), /^# kept/);
});

test('settings that cannot be used are shown as far as they can be read', async (t) => {
  const form = makeForm(t);
  const text = `[isp_master]\nhost = ${host()}\nusername = kunde42\npassword = pa;ss#wo=%rd\nkind = panel7\nwhat is this\n`;
  writeFileSync(join(form.root, 'etc/domainsync.ini'), text);
  const opened = await form.ask();
  assert.deepEqual([childText(opened, 'host'), childText(opened, 'username')], [host(), 'kunde42']);
  assert.equal(JSON.stringify(opened).includes('pa;ss'), false);
});

test('a settings file that cannot be written or read is told in the form', async (t) => {
  const form = makeForm(t);
  const sound = { host: host(), ...right, fingerprint: central.fingerprint, trust: 'on' };
  const path = join(form.root, 'etc/domainsync.ini');
  symlinkSync(join(form.root, 'elsewhere'), path);
  assert.match(wrong(await form.ask(sound), 'host'), /cannot be written.*symbolic link.*Nothing was saved/);
  rmSync(path);
  mkdirSync(path);
  assert.match(wrong(await form.ask(sound), 'host'), /cannot be read/);
});

test('a fingerprint that is none is refused beside the certificate; a host longer than names are, at the host', async (t) => {
  const form = makeForm(t);
  wrong(await form.ask({ host: host(), ...right, fingerprint: 'zz', trust: 'on' }), 'trust');
  const doc = await form.ask({ host: 'a'.repeat(100_000), ...right });
  assert.ok(wrong(doc, 'host').length < 500);
});

test('the pause', async (t) => {
  const form = makeForm(t);
  const sound = { host: host(), ...right, fingerprint: central.fingerprint, trust: 'on' };
  const { pause } = pathsOf(form.root);
  assert.ok(child(await form.ask({ ...sound, pause: '4h' }), 'ok'));
  const end = pauseEnd(pause) ?? 0;
  assert.ok(Math.abs(end - Date.now() - 4 * 3_600_000) < 60_000);
  const opened = await form.ask();
  assert.equal(childText(opened, 'pause'), 'keep');
  const choices = childrenNamed(opened, 'slist')
    .find(({ attributes }) => attributes['name'] === 'pause')
    ?.children.map(({ attributes }) => attributes['key']);
  assert.deepEqual(choices, ['off', 'keep', '1h', '4h', '24h', 'on']);
  assert.ok(child(await form.ask({ ...sound, pause: 'keep' }), 'ok'));
  assert.equal(pauseEnd(pause), end);
  assert.ok(child(await form.ask({ ...sound, pause: 'on' }), 'ok'));
  assert.equal(pauseEnd(pause), Infinity);
  assert.ok(child(await form.ask({ ...sound, pause: 'off' }), 'ok'));
  assert.equal(pauseEnd(pause), null);
});

test('a pause needs no central as long as the settings stay as they are', async (t) => {
  const form = makeForm(t);
  const down = { host: '127.0.0.1:1', username: 'kunde42' };
  const text = `[isp_master]\nhost = ${down.host}\nusername = ${down.username}\npassword = x\n`;
  writeFileSync(join(form.root, 'etc/domainsync.ini'), text);
  const { pause } = pathsOf(form.root);
  wrong(await form.ask({ ...down, pause: 'on', contact: 'changed' }), 'host');
  assert.equal(pauseEnd(pause), null);
  assert.ok(child(await form.ask({ ...down, pause: 'on' }), 'ok'));
  assert.equal(pauseEnd(pause), Infinity);
  assert.equal(form.settings(), text);
});

test('nobody but an administrator', async (t) => {
  const form = makeForm(t);
  const doc = await form.ask({ host: host(), ...right }, { SESSION_LEVEL: '5' });
  assert.match(wrong(doc, ''), /administrator/);
  assert.equal(form.settings(), '');
});

test('further centrals are none of the form’s business: their sections stay as they are', async (t) => {
  const form = makeForm(t);
  const path = join(form.root, 'etc/domainsync.ini');
  const further = `; the second
[central_2]
host = 192.0.2.53
kind = rfc2136
username = key
password = c2VjcmV0

[verify_2]
servers = 192.0.2.53
`;
  writeFileSync(path, `[isp_master]\nhost = ${host()}\nusername = someone\npassword = else\n\n${further}`);
  const trust = { fingerprint: central.fingerprint, trust: 'on' };
  const saved = await form.ask({ host: host(), ...right, ...trust });
  assert.ok(child(saved, 'ok'), JSON.stringify(saved));
  assert.ok(form.settings().includes(further), form.settings());
  assert.match(form.settings(), /^username = kunde42$/mu);
  writeFileSync(path, form.settings().replace('c2VjcmV0', ''));
  assert.match(wrong(await form.ask({ host: host(), ...right, ...trust }), 'host'), /\[central_2\] password/);
});

test('issue 11.3: a field of 5,000 characters is refused, and shown shortened', async (t) => {
  const form = makeForm(t);
  for (const field of ['host', 'username', 'password', 'contact']) {
    const doc = await form.ask({ host: host(), ...right, [field]: 'x'.repeat(5_000) });
    assert.match(wrong(doc, field), /4096/);
    assert.ok((childText(doc, field) ?? '').length < 600);
  }
  assert.equal(form.settings(), '');
});

test('issue 16, secrets: a password in a file of its own is used, shown as such and never written over', async (t) => {
  const form = makeForm(t);
  const file = join(form.root, 'password');
  writeFileSync(file, `${right.password}\n`, { mode: 0o600 });
  const path = join(form.root, 'etc/domainsync.ini');
  const [trusted, address] = [central.fingerprint, host()];
  const text = `[isp_master]\nhost = ${address}\nusername = kunde42\nfingerprint = ${trusted}\npassword_file = ${file}\n`;
  writeFileSync(path, text, { mode: 0o600 });
  const fields = { host: address, username: 'kunde42', fingerprint: trusted, trust: 'on' };
  assert.equal(childText(await form.ask(), 'passwordplace'), `in the file ${file}`);
  assert.ok(child(await form.ask({ ...fields, contact: 'call 123' }), 'ok'));
  assert.equal(form.settings(), `${text}\n[contact]\nsupport = call 123\n`);
  const kept = form.settings();
  for (const other of [{ password: 'x' }, { username: 'other' }, { host: '127.0.0.1:1' }]) {
    const doc = await form.ask({ ...fields, ...other });
    assert.match(wrong(doc, 'password'), /does not change.*password_file/u);
    assert.equal(childText(doc, 'passwordplace'), `in the file ${file}`);
  }
  chmodSync(file, 0o644);
  assert.equal(childText(await form.ask(), 'passwordplace'), `in the file ${file}`);
  assert.match(wrong(await form.ask(fields), 'password'), /other users \(mode 0644/u);
  assert.match(wrong(await form.ask({ ...fields, host: '127.0.0.1:1' }), 'password'), /does not change/u);
  assert.equal(form.settings(), kept);
});

test('issue 16, rotation: a typed password has to work itself; the stored one may be followed by the next', async (t) => {
  const form = makeForm(t);
  const path = join(form.root, 'etc/domainsync.ini');
  const [trusted, address] = [central.fingerprint, host()];
  const text = `[isp_master]\nhost = ${address}\nusername = kunde42\nfingerprint = ${trusted}\n`;
  writeFileSync(path, `${text}password = old\npassword_next = ${right.password}\n`, { mode: 0o600 });
  const fields = { host: address, username: 'kunde42', fingerprint: trusted, trust: 'on' };
  wrong(await form.ask({ ...fields, password: 'mistyped' }), 'password');
  assert.ok(child(await form.ask({ ...fields, contact: 'call 123' }), 'ok'));
  assert.ok(child(await form.ask({ ...fields, password: right.password }), 'ok'));
  assert.ok(form.settings().includes(`password = ${right.password}\npassword_next = ${right.password}\n`));
});
