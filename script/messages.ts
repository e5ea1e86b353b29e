/**
 * Writes docs/messages.md from the catalogue. With `--check`, it only compares the page with the catalogue
 * (exit status 1: they differ).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../src/core/catalogue.ts';
import type { Entry } from '../src/core/catalogue-entry.ts';
import { advices, outcomes } from '../src/core/describe.ts';

const path = join(import.meta.dirname, '../docs/messages.md');

/**
 * Sections of the page by the first part of a code. Each has a heading, and says who sees its messages and
 * when.
 */
const sections: Readonly<Record<string, readonly [heading: string, about: string]>> = {
  name: ['Names', 'A domain or host name that cannot be one. Met by whoever saves a record.'],
  record: ['Records', 'A record that cannot be one, or cannot stand where it should.'],
  rdata: ['Values', 'The value of a record does not fit its type.'],
  type: ['Types', 'A record type that is not known.'],
  tsig: [
    'Signatures of DNS messages',
    'Met by the administrator where the central is asked by the DNS protocol.',
  ],
  wire: ['Data on the wire', 'Octets that are not what RFC 1035 says.'],
  central: [
    'Central DNS',
    "What the central answered, or that it did not. The central's own words are passed on.",
  ],
  zone: ['Zones', 'How a zone stands between the panel and the central.'],
  call: ['Calls', 'A call of the panel that cannot be read, or is too large.'],
  panel: ['Panel', 'The panel was not read yet, could not be read, or refused. Met by the administrator.'],
  plan: ['Plans', 'Met by the administrator, in `domainsync plan`, `push`, `pull` and `apply`.'],
  pull: ['Pulls', 'Why a pull did not write everything into the panel.'],
  edit: ['Edits', 'Two edits in each other’s way.'],
  journal: ['Journal', 'domainsync cannot record what it does; then it does nothing.'],
  engine: ['Defects', 'An error of domainsync itself: please report it with the log.'],
  settings: [
    'Settings file',
    'Met by the administrator, in `domainsync status` and `domainsync doctor`, with the line.',
  ],
  powerdns: ['PowerDNS', 'Met by the administrator, in `domainsync doctor`; edits go on.'],
  setting: ['Settings', 'A value in the settings that cannot be used.'],
  form: ['Settings form', 'Shown in Tools > DNS sync, at the field concerned; nothing was saved then.'],
  notify: [
    'Notifications',
    'Why a webhook or a mail was not delivered. In the log, and of `domainsync notify --test`.',
  ],
  attention: [
    'Attention',
    'Why `domainsync status` ends with 3; the cause follows in brackets. docs/states.md tells more.',
  ],
  install: ['Installation', 'Said by `domainsync install`; nothing was changed then.'],
  agent: ['Agent', 'The agent cannot answer.'],
  rule: ['Rules of tokens', 'Rights of the gateway; docs/gateway-rights.md tells more.'],
};

function text(): string {
  const prefixes = [...new Set(Object.keys(catalogue).map((code) => code.split('.')[0] ?? ''))];
  const parts = prefixes.map((prefix) => {
    const [heading, about] = sections[prefix] ?? [prefix, ''];
    const codes = Object.entries(catalogue).filter(([code]) => code.split('.')[0] === prefix);
    const entries = codes.map(
      ([code, { en, ru, advice }]: readonly [string, Entry]) =>
        `\`${code}\`${advice === undefined ? '' : ` (${advice})`}\n\n- ${quote(en)}\n- ${quote(ru)}\n`,
    );
    return [`## ${heading}\n`, ...(about === '' ? [] : [`${about}\n`]), ...entries].join('\n');
  });
  const ends = Object.values(outcomes).map(({ en, ru }) => `- ${en} / ${ru}`);
  const todo = Object.entries(advices).map(([word, { en, ru }]) => `- ${word}: ${en} / ${ru}`);
  return `# Messages

Made by \`npm run messages\` from \`src/core/catalogue*.ts\`; do not edit by hand.

A refusal says what failed, what was and was not changed, what to do, whom to ask (\`[contact] support\`), and the code in brackets. \`{name}\`
stands for a value. Users who do not administer the panel are never told the host of the central or the account there.

What was and was not changed is one of these:

${ends.join('\n')}

Then what to do; it is said where the code below has the word in brackets and nothing was changed:

${todo.join('\n')}

When no agent answers, the hook itself refuses, with the code \`agent.no-answer\`.

${parts.join('\n')}`;
}

/** Escapes braces and other characters that have a meaning in Markdown. */
function quote(line: string): string {
  return line.replaceAll(/([*_<>[\]])/g, '\\$1');
}

if (!process.argv.includes('--check')) writeFileSync(path, text());
else if (readFileSync(path, 'utf8') !== text()) {
  console.error('docs/messages.md is not what the catalogue says; run "npm run messages".');
  process.exitCode = 1;
}
