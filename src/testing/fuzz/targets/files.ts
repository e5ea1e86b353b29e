import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import * as v from 'valibot';
import { parseParameters, type CentralPlan } from '../../../app/control/protocol.ts';
import { CommandFailed } from '../../../app/command-failed.ts';
import { readPlanFile, writePlanFile, type PlanOrigin } from '../../../app/plan/plan-file.ts';
import { filterOf, historyOptions } from '../../../cli/history-options.ts';
import { changeIni, parseIni } from '../../../config/ini.ts';
import { readSettings } from '../../../config/settings.ts';
import { describeProblem } from '../../../core/describe.ts';
import { isWanted } from '../../../core/history.ts';
import { outcomeKinds } from '../../../core/outcome.ts';
import { DnsDataError } from '../../../dns/problem.ts';
import { sampleOperation } from '../../contracts/journal.ts';
import { a, zone } from '../../simulator/given.ts';
import { defineTarget, fieldsIn, jsonIn, textIn, type Target } from '../target.ts';

const settingsFiles = [
  '[isp_master]\nhost = https://dns.example.net\nusername = alice\npassword = pa;ss#wo%rd\n\n[log]\nlevel = 9\n',
  [
    '\ufeff# comment',
    '[isp_master]\r',
    'host: 192.0.2.1:1500',
    'kind = powerdns',
    'key = secret ; comment',
    'password_file = /etc/secret',
    '[sync]',
    'mode = observe',
    'deadline = 10',
    'nameservers = ns1.example.net,',
    '  ns2.example.net',
    '[verify]',
    'servers = 192.0.2.1 [2001:db8::1]:5300',
    '[central_2]',
    'host = dns://ns2.example.net',
    'kind = rfc2136',
    'key_name = k',
    'key_algorithm = hmac-sha256',
    'key_secret = c2VjcmV0',
    '[notify]',
    'webhook = https://hooks.example.net/x',
    'mail = root@example.net',
    '',
  ].join('\n'),
];

const iniWords = [
  '[',
  ']',
  '=',
  ':',
  ';',
  ' ;',
  '#',
  'rem ',
  '\r\n',
  '\n ',
  '""',
  '%(x)s',
  '[central_3]\n',
  '[central_02]\n',

  'host = ',
  'kind = knot\n',
  'mode = strict\n',
  '-1',
  '1e9',
  'https://',
  'http://u:p@',
  '[::1]',
  '\0',
  '\ufeff',
];

const settings = defineTarget({
  name: 'settings',
  shape: 'text',
  samples: settingsFiles,
  words: iniWords,
  // The result contains the mistakes in the settings file. So no error may be thrown, and every error is a
  // finding.
  decode: (text) => readSettings(text, 'domainsync.ini', (path) => ({ path, text: 'secret', problem: null })),
  refusals: [],
  check: (loaded) => {
    if (loaded.kind !== 'broken') return;
    // Each mistake has a text in both languages.
    for (const problem of loaded.problems)
      for (const language of ['en', 'ru'] as const) describeProblem(problem, language);
  },
});

const ini = defineTarget({
  name: 'ini',
  shape: 'json',
  samples: settingsFiles.map((text) =>
    JSON.stringify({ text, section: 'isp_master', option: 'password', value: 'pa;ss#wo' }),
  ),
  words: iniWords,
  decode: (input) => {
    const { text, section, option, value } = fieldsIn(input) ?? {};
    const written = value === null ? null : textIn(value);
    const [place, name] = [textIn(section), textIn(option)];
    const before = textIn(text);
    return { before, place, name, written, after: changeIni(before, { [place]: { [name]: written } }) };
  },
  refusals: [RangeError],
  check: ({ before, place, name, written, after }) => {
    const at = (text: string): readonly string[] =>
      parseIni(text)
        .entries.filter(({ section, option }) => section !== place || option !== name.toLowerCase())
        .map(({ section, option, value }) => JSON.stringify([section, option, value]));
    // Setting one option must not change the value of any other option.
    assert.deepEqual(at(after), at(before));
    const changed = parseIni(after).entries.findLast(
      (one) => one.section === place && one.option === name.toLowerCase(),
    );
    assert.equal(changed?.value ?? null, written);
  },
});

const here: PlanOrigin = {
  root: '/usr/local/mgr5',
  centrals: [{ number: 1, kind: 'powerdns', address: 'https://ns.example.net', account: 'alice' }],
};
const now = 1_800_000_000_000;
const header = {
  format: 'domainsync-plan',
  version: 1,
  made: now,
  host: hostname(),
  release: '0.1.0',
  ...here,
};
const plan: CentralPlan = {
  zone,
  central: 1,
  direction: 'push',
  removes: false,
  whole: null,
  steps: [{ action: 'add', record: a('www', 1), why: 'new' }],
  left: [],
  hindrance: null,
  limit: null,
  signed: false,
};

const folder = mkdtempSync(join(tmpdir(), 'fuzz-files-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const planPath = join(folder, 'a.plan');
const secondPath = join(folder, 'b.plan');

/** Makes a plan file with these lines. If the last line is not left out, it gets the right checksum. */
function planText(input: string): string {
  const { lines, ending } = fieldsIn(input) ?? {};
  const body = (Array.isArray(lines) ? lines : [lines]).map((line: unknown) => `${textIn(line)}\n`).join('');
  const sum = createHash('sha256').update(body).digest('hex');
  const zones = Array.isArray(lines) ? lines.length - 1 : 0;
  return body + (ending === 'sum' ? `${JSON.stringify({ zones, sha256: sum })}\n` : textIn(ending));
}

async function* each(plans: readonly CentralPlan[]): AsyncGenerator<CentralPlan> {
  yield* plans;
}

const planFile = defineTarget({
  name: 'plan-file',
  shape: 'json',
  samples: [
    JSON.stringify({ lines: [header, plan, { ...plan, removes: true }], ending: 'sum' }),
    JSON.stringify({ lines: [header], ending: 'sum' }),
    JSON.stringify({ lines: [header, plan], ending: { zones: 1, sha256: 'x' } }),
  ],
  words: ['\n', '\r', '\u2028', '"', '{}', 'null', '__proto__', 'example.org.'],
  decode: async (input) => {
    writeFileSync(planPath, planText(input));
    return await readPlanFile(planPath, here, now);
  },
  refusals: [CommandFailed],
  check: async (plans) => {
    rmSync(secondPath, { force: true });
    await writePlanFile(secondPath, here, each(plans));
    assert.deepEqual(await readPlanFile(secondPath, here, Date.now()), plans);
  },
});

const filters = [
  {
    zone: 'example.org',
    name: 'www.example.org',
    user: 'kunde',
    since: '7d',
    until: '2026-11-01 12:30',
    latest: '20',
  },
  { zone: 'münchen.example', since: '2026-11-01', outcome: 'refused' },
  { since: '2026-11-01T12:30:00+02:00', until: '24h' },
];

const historyFilters = defineTarget({
  name: 'history-options',
  shape: 'json',
  samples: filters.map((filter) => JSON.stringify(filter)),
  words: ['d', 'h', '-', ':', 'T', 'Z', '+99:99', '0000-00-00', '9999-12-31', '.', 'xn--', ...outcomeKinds],
  decode: (input) => {
    const fields = fieldsIn(input) ?? {};
    const command = new Command();
    for (const option of historyOptions()) {
      command.addOption(option);
      const name = option.attributeName();
      const given = fields[name];
      if (given === undefined) continue;
      command.setOptionValue(name, option.parseArg?.(textIn(given), undefined) ?? textIn(given));
    }
    return filterOf(command.opts());
  },
  refusals: [InvalidArgumentError, DnsDataError],
  check: (filter) => {
    const asked = {
      filter: JSON.parse(JSON.stringify(filter)) as unknown,
      before: null,
      most: 20,
      central: null,
    };
    assert.deepEqual(parseParameters('history', asked).filter, filter);
    isWanted(sampleOperation('x'), filter);
  },
});

const historyQuestion = defineTarget({
  name: 'history-filter',
  shape: 'json',
  samples: [
    JSON.stringify({
      filter: { zone: 'example.org.', since: 1, until: now },
      before: 'x',
      most: 9,
      central: null,
    }),
    JSON.stringify({ filter: { user: 'kunde', outcome: 'refused' }, before: null, most: 9, central: 1 }),
  ],
  words: ['.', 'example.org.', '\0', '%', '_', ...outcomeKinds],
  decode: (input) => parseParameters('history', jsonIn(input)),
  refusals: [v.ValiError],
  check: ({ filter }) => {
    isWanted(sampleOperation('x'), filter);
  },
});

export const fileTargets: readonly Target[] = [settings, ini, planFile, historyFilters, historyQuestion];
