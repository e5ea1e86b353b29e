/** Issue 16, report: tests that the report contains no secrets and no names. */
import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { options } from '../../config/options.ts';
import type { Option } from '../../config/option-table.ts';
import { secretReader } from '../../config/secret-file.ts';
import { cpuTime } from '../../testing/cpu-time.ts';
import { fillDisk, mountSmallDisk } from '../../testing/small-disk.ts';
import { Anonymiser } from './anonymiser.ts';
import { knownSecrets } from './known-secrets.ts';
import { anonymousLine, usersIn } from './log-lines.ts';
import { demandFree, writeReport } from './report-file.ts';
import { Scrubber } from './scrub.ts';
import { shownSettings } from './settings-shown.ts';

test('issue 16, report: a secret is found in every spelling', () => {
  const secret = 'pä;s"s <w>&d+/% 7';
  const scrub = new Scrubber([secret]);
  const form = new URLSearchParams({ x: secret }).toString();
  const spellings = [
    secret,
    secret.toUpperCase(),
    encodeURIComponent(secret),
    form,
    form.replaceAll('+', '%20'),
    JSON.stringify({ text: `a ${secret} b` }),
    'p\u00e4;s&quot;s &lt;w&gt;&amp;d+/% 7',
  ];
  for (const text of spellings) {
    const clean = scrub.known(`before ${text} after`);
    assert.match(clean, /^before .*\[secret\].* after$/u);
    assert.doesNotMatch(clean, /%22s|s <w>|&lt;w|w>/iu);
  }
  for (const name of ['', 'a', 'ab', 'alice:', 'somebody.else:']) {
    const basic = Buffer.from(`${name}${secret}`).toString('base64');
    const clean = scrub.known(`Basic ${basic}`);
    assert.ok(clean.includes('[secret]'), basic);
    const left = Buffer.from(clean.replace('Basic ', '').split('[secret]').join(''), 'base64').toString(
      'latin1',
    );
    assert.ok(!left.includes('s"s') && !left.includes('<w>'), left);
  }
});

test('issue 16, report: whatever the secret is, it is not in the text any more', () => {
  const secrets = fc.array(fc.string({ minLength: 4, maxLength: 30, unit: 'binary' }), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(secrets, fc.string(), (planted, around) => {
      const clean = new Scrubber(planted).known(`${around}${planted.join(around)}${around}`);
      for (const one of planted)
        if (one.trim() !== '' && !'[secret]'.includes(one))
          assert.ok(!clean.replaceAll('[secret]', '\n\n\n').includes(one));
    }),
    { numRuns: 30 },
  );
});

test('issue 16, report: short secrets only where they stand alone; what looks like one by its name', () => {
  assert.equal(new Scrubber(['it', '']).known('it writes: "it"'), '[secret] writes: "[secret]"');
  const scrub = new Scrubber([]);
  const cases: readonly (readonly [string, string])[] = [
    ['authinfo=alice:x&func=domain', 'authinfo=[secret]&func=domain'],
    ['{"password": "x y"}', '{"password": "[secret]"}'],
    [String.raw`{"password": "x \"y"}, z`, '{"password": "[secret]"}, z'],
    [String.raw`error="{\"token\": \"x y\"}" n=1`, String.raw`error="{\"token\": \"[secret]\"}" n=1`],
    ["secret='x y", "secret='[secret]"],
    ['https://alice:p@ss:w@dns.example/x', 'https://alice:[secret]@dns.example/x'],
    ['X-API-Key: abc', 'X-API-Key: [secret]'],
    ['Authorization: Basic YWJj', 'Authorization: Basic [secret]'],
    ['the password is refused', 'the password is refused'],
  ];
  for (const [text, clean] of cases) assert.equal(scrub.text(text), clean);
});

const settings = `# an old one: 0ld-comment
[isp_master]
host = dns.example.net
# host = https://alice:s3cret%2Durl@dns.example.net
username = alice
password = s3cret-one
  s3cret-line
password_next = s3cret-two
pasword = s3cret-typo
[central_2]
password = s3cret-three
[notify]
webhook = https://hooks.example.net/services/s3cret-path?token=s3cret-query
webhook_secret = s3cret-four
[contact]
support = Herr Mustermann, 0123
s3cret-broken line
[sync]
deadline = 7
`;

test('issue 16, report: the secrets of a settings file, also of one with mistakes', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'password');
  writeFileSync(file, 's3cret-file\n', { mode: 0o600 });
  const text = `${settings}password_file = x\n[isp_master]\npassword_file = ${file}\n`;
  const found = knownSecrets(
    text,
    secretReader(() => null),
  );
  for (const name of ['one', 'two', 'typo', 'three', 'four', 'file', 'line', 'url'])
    assert.ok(
      found.some((one) => one.includes(`s3cret-${name}`)),
      name,
    );
  const scrub = new Scrubber(found);
  const log = found.map((one) => `error="${one}"`).join('\n');
  assert.doesNotMatch(scrub.known(`${log} s3cret-broken line`), /s3cret/u);
  const shown = shownSettings(text, null);
  assert.doesNotMatch(shown, /s3cret|0ld/u);
  assert.match(shown, /line 3: \[isp_master\] host = dns\.example\.net/u);
  assert.match(shown, /webhook = https:\/\/hooks\.example\.net\/\[secret\]/u);
  assert.match(shown, /support = Herr Mustermann/u);
  const hidden = shownSettings(text, new Anonymiser());
  assert.doesNotMatch(hidden, /s3cret|Mustermann|0123|example|alice/u);
  assert.match(hidden, /\[isp_master\] host = n1\.n2\.n3\n.*username = user-1/u);
  assert.match(hidden, /deadline = 7/u);
});

/** Makes a value that the option accepts and that no other option has. */
function exampleOf({ section, option, values, fallback }: Option): string {
  if (option === 'webhook') return 'https://hooks.example.net/s3cret-path';
  if (values.kind === 'number') return fallback;
  return values.kind === 'choice' ? (values.choices.at(-1) ?? '') : `s3cret-${section}-${option}`;
}

test('issue 18, report: every option of the table is shown, and a secret only by its name', () => {
  const further = options.flatMap((one): Option[] => {
    if (one.section === 'isp_master') return [{ ...one, section: 'central_12' }];
    return one.section === 'verify' ? [{ ...one, section: 'verify_2' }] : [];
  });
  const all = [...options, ...further];
  const lines = all.flatMap((one) => [`[${one.section}]`, `${one.option} = ${exampleOf(one)}`]);
  const text = lines.join('\n');
  for (const shown of [shownSettings(text, null), shownSettings(text, new Anonymiser())]) {
    assert.doesNotMatch(shown, /not known/u);
    assert.equal(shown.split('\n').length, all.length);
    for (const [at, { section, option, values }] of all.entries()) {
      const line = shown.split('\n')[at] ?? '';
      assert.ok(line.startsWith(`line ${2 * at + 2}: [${section}] ${option} = `), line);
      if (values.kind === 'secret') assert.ok(line.endsWith(' = [secret]'), line);
    }
  }
  const plain = shownSettings(text, null);
  for (const one of all)
    if (one.values.kind !== 'secret' && one.option !== 'webhook')
      assert.ok(plain.includes(`[${one.section}] ${one.option} = ${exampleOf(one)}`), one.option);
  assert.doesNotMatch(shownSettings(text, new Anonymiser()), /s3cret/u);
});

test('issue 18, report: an option in a section that has no such option is not shown', () => {
  const wrong = '[limits]\nhost = x\n[sync]\nsupport = y\n[central_1]\nhost = x\n[log_2]\nlevel = 9\n';
  assert.match(shownSettings(wrong, null), /^(?:line \d+: an option that is not known, not shown\n?){4}$/u);
});

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('issue 16, report: pseudonyms are stable and keep what names have to do with each other', () => {
  const names = new Anonymiser();
  names.learnUsers(['zone', 'k:&%+ 1', 'anna.b']);
  names.learnIds(['0mabc-1x']);
  const cases: readonly (readonly [string, string])[] = [
    ['www.kunde.example.', 'n1.n2.n3.'],
    ['WWW.kunde.EXAMPLE at 192.0.2.7:53', 'n1.n2.n3 at address-1:53'],
    ['_acme-challenge.kunde.example', '_acme-challenge.n2.n3'],
    ['[2001:db8::1]:53 and 2001:DB8::1', '[address-2]:53 and address-2'],
    ['the zone of zone', 'the user-1 of user-1'],
    ['mail hans@kunde.example', 'mail word-1@n2.n3'],
    ['"k:&%+ 1" saved', '"user-2" saved'],
    ['operation 0mabc-1x is stuck [central.refused]', 'operation 0mabc-1x is stuck [central.refused]'],
    ['connect ECONNREFUSED 203.0.113.9:443', 'connect ECONNREFUSED address-3:443'],
    ['2026-11-29T22:40:00.123Z took 12ms, mode 0644', '2026-11-29T22:40:00.123Z took 12ms, mode 0644'],
    ['v24.21.0 and 1.2.3', 'v24.21.0 and 1.2.3'],
    ['port 44917, number 481512', 'port 44917, number word-2'],
    ['AB:CD:EF:01', 'word-3'],
    ['Müller', 'word-4'],
    ['xn--bcher-kva.example', 'n4.n3'],
    ['hooks.zone.example, anna.b, x.anna.b', 'n5.n6.n3, user-3, n7.n8.n9'],
    ['on 2024-05-17.kunde.example, 2024-05-17.', 'on n10.n2.n3, 2024-05-17.'],
    ['call 0171-1234-567', 'call word-5'],
  ];
  for (const [text, clean] of cases) assert.equal(names.text(text), clean, text);
});

test('issue 16, report: wherever a name stands in a text, it is not there any more', () => {
  // The words that a report may show never have a digit between letters, so none of these names is such a
  // word.
  const label = fc.stringMatching(/^[a-z]{2,6}[0-9][a-z]{2,6}$/u);
  const between = fc.string({ maxLength: 6 }).filter((text) => !/[\p{L}\p{N}]/u.test(text));
  const parts = fc.array(fc.tuple(fc.constantFrom('zone', 'user', 'name', 'four', 'six', 'word'), between), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      label,
      label,
      fc.string({ minLength: 2, maxLength: 12 }),
      fc.ipV4(),
      parts,
      (one, two, user, four, all) => {
        fc.pre(user.trim() === user && /[\p{L}]/u.test(user) && !/^(?:user|word|n|address)/iu.test(user));
        const named = { zone: `${one}.${two}.`, user, name: one, four, six: '2001:db8:aa::77', word: 'zone' };
        const names = new Anonymiser();
        names.learnUsers([user]);
        const text = names.text(all.map(([kind, after]) => `${named[kind]}${after}`).join(''));
        for (const secret of [one, two, four, named.six])
          assert.ok(!text.includes(secret), `${secret}: ${text}`);
      },
    ),
    { numRuns: 300 },
  );
});

test('issue 16, report: long rows of anything are replaced quickly', () => {
  const names = new Anonymiser();
  for (const part of ['-', '.', 'a-', 'a.', 'a:', ':', '*', '_', '0', '0:', 'x', '\\', '"', 'T1']) {
    const started = cpuTime();
    names.text(part.repeat(262_144 / part.length));
    new Scrubber(['secret', 'other']).text(part.repeat(262_144 / part.length));
    anonymousLine(`2026-11-29T22:40:00Z note hint text="${part.repeat(65_536)}"`, names);
    assert.ok(cpuTime() - started < 5_000, part);
  }
});

test('issue 16, report: JSON keeps words of domainsync and loses the words of others', () => {
  const names = new Anonymiser();
  const entry = {
    id: '0m1',
    kind: 'records',
    actor: 'panel',
    zone: 'kunde.example.',
    why: ['note.left-pause'],
    createdAt: 5,
    items: [
      { remove: null, add: { name: 'www.kunde.example.', type: 'TXT', ttl: 60, rdata: 'Hans "Kunde"' } },
    ],
    problems: [
      { code: 'central.refused', params: { kind: 'mustermann', text: 'no space left for kunde.example' } },
    ],
  };
  const clean = JSON.stringify(names.json(entry));
  assert.doesNotMatch(clean, /kunde|hans|mustermann|example/iu);
  assert.match(clean, /"id":"0m1","kind":"records","actor":"user-1","zone":"n1\.n2\."/u);
  assert.match(clean, /"why":\["note\.left-pause"\],"createdAt":5/u);
  assert.match(clean, /"name":"n3\.n1\.n2\.","type":"TXT","ttl":60/u);
  assert.match(clean, /"code":"central\.refused".*"no space left for n1\.n2"/u);
});

test('issue 16, report: lines of the log in both forms; others are left out', () => {
  const names = new Anonymiser();
  const words =
    '2026-11-29T22:40:00.123Z warning edit.panel-only zone=kunde.example. user=status ms=12 code=central.refused text="no \\"Hans\\" here"';
  const json =
    '{"zone":"kunde.example.","user":"status","n":3,"time":"2026-11-29T22:40:00.123Z","level":"note","event":"hint"}';
  assert.deepEqual(usersIn([words, json, 'nonsense']), ['status', 'status']);
  names.learnUsers(usersIn([words]));
  assert.equal(
    anonymousLine(words, names),
    '2026-11-29T22:40:00.123Z warning edit.panel-only zone=n1.n2. user=user-1 ms=12 code=central.refused text="no \\"word-1\\" here"',
  );
  assert.equal(anonymousLine(json, names), '2026-11-29T22:40:00.123Z note hint zone=n1.n2. user=user-1 n=3');
  for (const line of ['Hans', '{"a":1}', '{', '2026-11-29T22:40:00Z info Hans', `${words} Hans`])
    assert.doesNotMatch(anonymousLine(line, names), /Hans/u, line);
});

test('issue 16, report: the file is new, ours alone, and no half one is left', (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'report.txt');
  demandFree(path);
  const old = process.umask(0o777);
  try {
    writeReport(path, 'text');
  } finally {
    process.umask(old);
  }
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const link = join(folder, 'link');
  const target = join(folder, 'target');
  symlinkSync(target, link);
  for (const taken of [path, link, folder]) {
    assert.throws(() => demandFree(taken), /exists already/u);
    assert.throws(() => writeReport(taken, 'other'), /exists already/u);
  }
  assert.equal(readFileSync(path, 'utf8'), 'text');
  assert.throws(() => lstatSync(target), { code: 'ENOENT' });
  assert.throws(() => writeReport(join(folder, 'no/such'), 'x'), /cannot be written.*No report was left/u);
});

test('issue 16, report: a full disk is said, and no half file is left', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  const isSmall = mountSmallDisk(t, folder, '64k');
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  if (!isSmall) return t.skip('only root may mount a small file system');
  fillDisk(join(folder, 'other'));
  const path = join(folder, 'report.txt');
  assert.throws(() => writeReport(path, 'x'.repeat(100_000)), /cannot be written \(ENOSPC.*Free some space/u);
  assert.deepEqual(readdirSync(folder), ['other']);
});
