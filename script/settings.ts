/**
 * Writes docs/settings.md, docs/settings.ru.md and docs/settings.schema.json from the table of options, and
 * the options of the gateway into docs/gateway.md. With `--check`, it only compares files and tables (exit
 * status 1: they differ).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { options } from '../src/config/options.ts';
import { optionsOf, type Option } from '../src/config/option-table.ts';
import type { Unit } from '../src/config/option.ts';
import type { Language } from '../src/core/panel.ts';
import { gatewayOptions } from '../src/gateway/settings.ts';
import { wrapped } from './wrapped.ts';

const docs = join(import.meta.dirname, '../docs');

type Text = Readonly<Record<Language, string>>;

const words = {
  title: { en: 'Settings', ru: 'Настройки' },
  origin: {
    en: 'Made by `npm run settings` from `src/config/options.ts`; do not edit by hand. На русском: [settings.ru.md](settings.ru.md).',
    ru: 'Создаётся командой `npm run settings` из `src/config/options.ts`. In English: [settings.md](settings.md).',
  },
  about: {
    en: `All options of \`etc/domainsync.ini\` under the panel's root, by section. An option that is absent or empty has its default.

- A value is raw text: no quotes, no escapes. A \`;\` behind a space begins a comment.
- \`[central_2]\`, \`[central_3]\` ... name further centrals, with the options of \`[isp_master]\`
  ([centrals.md](centrals.md#several-centrals)). \`[verify_2]\` names the name servers of \`[central_2]\`. All other
  sections are shared.
- \`domainsync check\` tries the settings in the file. [operations.md](operations.md#change-the-settings) says when
  they come into force.
- [settings.schema.json](settings.schema.json) is the same as a JSON schema, for tools that write the file from
  sections and options.`,
    ru: `Все параметры файла \`etc/domainsync.ini\` в корне панели, по разделам. Если параметра нет или он пуст, действует значение по умолчанию.

- Значение записывается как есть: без кавычек и экранирования. \`;\` после пробела начинает комментарий.
- \`[central_2]\`, \`[central_3]\` ... — другие центральные DNS с параметрами раздела \`[isp_master]\`
  ([centrals.md](centrals.md#several-centrals)). В \`[verify_2]\` указываются серверы имён для \`[central_2]\`. Остальные
  разделы общие.
- \`domainsync check\` проверяет настройки из файла. Когда они вступают в силу:
  [operations.ru.md](operations.ru.md#изменение-настроек).
- [settings.schema.json](settings.schema.json) — то же в виде схемы JSON для программ, которые создают этот файл.`,
  },
  empty: { en: 'empty', ru: 'пусто' },
  fallback: { en: 'default', ru: 'по умолчанию' },
} as const satisfies Readonly<Record<string, Text>>;

const sections: Readonly<Record<string, Text>> = {
  isp_master: { en: 'The central', ru: 'Центральный DNS' },
  verify: { en: 'Name servers that are asked', ru: 'Опрашиваемые серверы имён' },
  delegation: { en: 'Where zones are delegated to', ru: 'Кому делегированы зоны' },
  log: { en: 'Log', ru: 'Журнал работы' },
  sync: { en: 'Edits and comparisons', ru: 'Изменения и сравнения' },
  history: { en: 'What is kept of ended operations', ru: 'Что хранится о завершённых операциях' },
  limits: { en: 'Safety limits', ru: 'Ограничения безопасности' },
  status: { en: 'What calls for an administrator', ru: 'Что требует администратора' },
  contact: { en: 'Contact', ru: 'Контакт' },
  notify: { en: 'Notifications', ru: 'Уведомления' },
};

const units: Readonly<Record<Unit, Text>> = {
  seconds: { en: 'seconds', ru: 'секунд' },
  days: { en: 'days', ru: 'дней' },
  MiB: { en: 'MiB', ru: 'МиБ' },
  level: { en: '', ru: '' },
  count: { en: '', ru: '' },
  percent: { en: '%', ru: '%' },
};

function page(language: Language): string {
  const parts = [...Map.groupBy(options, ({ section }) => section)].map(([section, own]) => {
    const heading = `## \`[${section}]\`: ${sections[section]?.[language] ?? ''}`;
    return `${heading}\n\n${own.map((option) => entry(option, language)).join('\n')}\n`;
  });
  const head = [`# ${words.title[language]}`, words.origin[language], words.about[language]];
  return [...head, ...parts].join('\n\n').replaceAll('\n\n\n', '\n\n');
}

function entry({ option, values, fallback, help }: Option, language: Language): string {
  const usual = fallback === '' ? words.empty[language] : `\`${fallback}\``;
  const range = rangeOf(values, language);
  const facts = [`${words.fallback[language]} ${usual}`, ...(range === '' ? [] : [range])];
  return wrapped(`- \`${option}\` (${facts.join('; ')}): ${help[language]}`);
}

function rangeOf(values: Option['values'], language: Language): string {
  if (values.kind === 'choice') return values.choices.map((one) => `\`${one}\``).join(', ');
  if (values.kind !== 'number') return '';
  return `${values.least} – ${values.most} ${units[values.unit][language]}`.trimEnd();
}

/** JSON schema (draft 2020-12) of the settings file, by section and option. */
function schema(): string {
  const properties = Object.fromEntries(
    [...Map.groupBy(options, ({ section }) => section)].map(([section, own]) => [
      section,
      {
        description: sections[section]?.en ?? '',
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(own.map((option) => [option.option, valueSchema(option)])),
      },
    ]),
  );
  const whole = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Settings of domainsync: sections and options of etc/domainsync.ini',
    type: 'object',
    additionalProperties: false,
    properties,
    patternProperties: {
      '^central_([2-9]|[1-9][0-9]{1,2})$': { $ref: '#/properties/isp_master' },
      '^verify_([2-9]|[1-9][0-9]{1,2})$': { $ref: '#/properties/verify' },
    },
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function valueSchema({ values, fallback, help }: Option): Readonly<Record<string, unknown>> {
  const description = help.en;
  if (values.kind === 'number') {
    const { least, most } = values;
    return { description, type: 'integer', minimum: least, maximum: most, default: Number(fallback) };
  }
  if (values.kind === 'choice') return { description, enum: values.choices, default: fallback };
  return { description, type: 'string', default: fallback };
}

/** The page docs/gateway.md with the options of the gateway between its marks. */
function gatewayPage(): string {
  const marks = /(<!-- options: `npm run settings` -->\n)[\s\S]*?(\n<!-- end of options -->)/u;
  const old = readFileSync(join(docs, 'gateway.md'), 'utf8');
  if (!marks.test(old)) throw new Error('docs/gateway.md has no marks for the options');
  const bySection = [...Map.groupBy(optionsOf(gatewayOptions), ({ section }) => section)];
  const parts = bySection.map(([section, own]) => {
    return `\n\`[${section}]\`:\n\n${own.map((option) => entry(option, 'en')).join('\n')}\n`;
  });
  return old.replace(marks, (_, begin: string, end: string) => `${begin}${parts.join('')}${end}`);
}

const files: Readonly<Record<string, string>> = {
  'settings.md': page('en'),
  'settings.ru.md': page('ru'),
  'settings.schema.json': schema(),
  'gateway.md': gatewayPage(),
};

for (const [name, text] of Object.entries(files)) {
  const path = join(docs, name);
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`docs/${name} is not what the options say; run "npm run settings".`);
    process.exitCode = 1;
  }
}
