import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { catalogue } from './catalogue.ts';
import { describe, describeProblem, technicalCause } from './describe.ts';

const sources = globSync(join(import.meta.dirname, '../**/*.ts')).filter(
  (path) => !/\.test\.ts$|\/testing\/|catalogue/.test(path),
);

test('every code that the sources make has a text', () => {
  const made = new Set<string>();
  const pattern =
    /(?:problem|refusal|complain)\((?:context, )?'([a-z0-9.-]+)'|code: [`']((?:settings|record|agent|engine)\.[a-z0-9-]+)'/g;
  for (const path of sources) {
    for (const [, one, other] of readFileSync(path, 'utf8').matchAll(pattern)) made.add(one ?? other ?? '');
  }
  assert.ok(made.size > 50, String(made.size));
  const missing = [...made].filter((code) => !(code in catalogue));
  assert.deepEqual(missing, []);
});

test('both languages say the same things', () => {
  for (const [code, { en, ru }] of Object.entries(catalogue)) {
    const holes = (text: string): string[] =>
      [...text.matchAll(/\{([a-zA-Z]+)\}/g)].map((hole) => hole[1] ?? '').sort();
    assert.deepEqual(holes(en), holes(ru), code);
    assert.match(ru, /[а-яё]/i, code);
    assert.doesNotMatch(en, /[а-яё]/i, code);
  }
});

test('issue 12.15: no text shows a final dot twice, nor a domain with its final dot', () => {
  const holesOf = (text: string): string[] =>
    [...text.matchAll(/\{([a-zA-Z]+)\}/g)].map(([, name = '']) => name);
  for (const [code, entry] of Object.entries(catalogue)) {
    const params = Object.fromEntries(holesOf(entry.en).map((hole) => [hole, 'example.org.']));
    const domains = { ...params, zone: 'example.net.', parent: 'example.net.' };
    for (const language of ['en', 'ru'] as const) {
      assert.doesNotMatch(describeProblem({ code, params }, language), /(?<!\.)\.\.(?!\.)/, code);
      assert.doesNotMatch(
        describeProblem({ code, params: domains }, language),
        /example\.net\.(?!$| [A-ZА-ЯЁ])/,
        code,
      );
    }
  }
  const foreign = { code: 'zone.foreign', params: { zone: 'example.org.' } };
  assert.match(describeProblem(foreign, 'en'), /^The domain example\.org belongs/);
  assert.match(describeProblem({ ...foreign, params: { zone: '.' } }, 'en'), /^The domain \. belongs/);
});

test('a refusal says what failed, what was changed, whom to ask, and the codes', () => {
  const problems = [
    { code: 'central.refused', params: { text: 'no room' } },
    { code: 'name.empty-label', params: { name: 'a..b' } },
  ];
  const options = { changed: 'nothing', contact: 'help@example.net' } as const;
  assert.equal(
    describe(problems, { ...options, language: 'en' }),
    'The central DNS refused: no room. The name a..b has an empty part (two dots in a row). Nothing was changed. ' +
      'Correct the entry and try again. ' +
      'Support: help@example.net. [central.refused, name.empty-label]',
  );
  assert.match(
    describe(problems, { ...options, language: 'ru' }),
    /Центральный DNS отказал: «no room»\. .* Ничего не изменено\. Исправьте запись и повторите попытку\. Поддержка:/,
  );
  assert.match(describe(problems, { ...options, language: 'en', changed: 'unknown' }), /not certain/);
  assert.equal(describeProblem({ code: 'no.such', params: { a: 'b' } }, 'en'), 'no.such b');
});

test('an administrator is told the cause besides, in words where it has some', () => {
  const options = { changed: 'settings', contact: null, details: true } as const;
  const key = { code: 'central.login', params: { text: 'tsig.bad-key (NOTAUTH)', code: 'tsig.bad-key' } };
  assert.match(
    describe([key], { ...options, language: 'ru' }),
    /\(Сервер имён не знает ключа TSIG.* \[tsig\.bad-key\]\)/,
  );
  assert.match(technicalCause(key, 'en'), /^The name server does not know the TSIG key.* \[tsig\.bad-key\]$/);
  const other = { code: 'central.unreachable', params: { text: 'no answer in time' } };
  assert.equal(technicalCause(other, 'en'), 'no answer in time');
  assert.equal(technicalCause({ ...other, code: 'central.refused' }, 'en'), '');
  assert.equal(technicalCause({ code: 'edit.busy', params: {} }, 'en'), '');
});

test('every refusal an edit can meet says what to do', () => {
  const way =
    /Try again|try again|Delete these|administrator|Ask|ask|settings are corrected|Free some space|write the name|see "/;
  for (const [code, entry] of Object.entries(catalogue)) {
    if (
      code === 'agent.self-test' ||
      !/^(name|type|rdata|record|central|zone|edit|journal|engine|agent)\./.test(code)
    )
      continue;
    const text = describe([{ code, params: {} }], {
      language: 'en',
      changed: 'nothing',
      contact: null,
    });
    assert.match(text, way, `${code}: ${entry.en}`);
  }
});

test('issue 15, describe: an administrator is not sent to the administrator', () => {
  const options = { language: 'en', changed: 'nothing', contact: null } as const;
  const login = [{ code: 'central.login', params: {} }];
  assert.match(describe(login, options), /Ask the administrator\. \[/);
  assert.doesNotMatch(describe(login, { ...options, details: true }), /administrator/);
});

test('issue 15, describe: a mistyped host in the settings is not "try again", an edit without answer is', () => {
  const off = [{ code: 'central.unreachable', params: { text: 'dns.exmaple.net: no such host' } }];
  const options = { language: 'en', contact: null } as const;
  assert.equal(
    describe(off, { ...options, changed: 'settings', details: true }),
    'The central DNS cannot be reached. (dns.exmaple.net: no such host) Nothing was saved. [central.unreachable]',
  );
  assert.match(describe(off, { ...options, changed: 'nothing' }), /changed\. Try again in a moment\. \[/);
  assert.match(
    describe(off, { ...options, changed: 'unknown' }),
    /automatically\. Try again in a moment\. \[/,
  );
  assert.doesNotMatch(describe(off, { ...options, changed: 'panel' }), /Try again/);
});

test('issue 15, describe: only an administrator reads the paths of files', () => {
  const options = { language: 'ru', changed: 'nothing', contact: null } as const;
  const journal = [{ code: 'journal.unreadable', params: { path: '/var/domainsync/journal.db' } }];
  assert.doesNotMatch(describe(journal, options), /\/var/);
  assert.match(describe(journal, { ...options, details: true }), /\(\/var\/domainsync\/journal\.db\)/);
  const params = { path: '/etc/domainsync.ini', line: '4', option: 'host' };
  const settings = [
    { code: 'settings.not-in-force', params },
    { code: 'settings.bad-address', params },
  ];
  assert.match(
    describe(settings, options),
    /^Настройки domainsync в таком(?!.*\/etc).*settings\.bad-address\]$/,
  );
  assert.match(
    describe(settings.slice(1), options),
    /^Настройки domainsync(?!.*\/etc).* Обратитесь к администратору\. \[settings\.bad-address\]$/,
  );
  assert.equal(describe([], options), 'Ничего не изменено. []');
  assert.match(describe(settings, { ...options, details: true }), /\/etc\/domainsync\.ini, строка 4/);
  const caused = { code: 'attention.problem', params: { code: 'journal.lost', path: '/var/journal.db' } };
  assert.match(
    technicalCause(caused, 'ru'),
    /перезапустить агент\. \(\/var\/journal\.db\) \[journal\.lost\]$/,
  );
});
