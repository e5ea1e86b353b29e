import type { Language } from '../../core/panel.ts';
import type { OptionField } from '../../config/option.ts';
import type { FieldDialect } from '../../panels/layout.ts';
import { options } from '../../config/options.ts';
import type { Option } from '../../config/option-table.ts';
import { escapeXml } from '../../net/xml.ts';

type Input = 'text' | 'password' | 'select' | 'checkbox';

interface Field extends Omit<OptionField, 'name'> {
  readonly name: string;
  readonly input: Input;
}

/**
 * Fields of the settings form that are not options of the settings file. Each key is the name of an option
 * field, and the form shows the key's list of fields right after that field.
 */
const ownFields: Readonly<Record<string, readonly Field[]>> = {
  password: [
    {
      name: 'passwordplace',
      input: 'text',
      readonly: true,
      label: { en: 'The password is', ru: 'Где хранится пароль' },
      hint: {
        en: 'A password in a file of its own is changed there, not here',
        ru: 'Пароль из отдельного файла меняется в этом файле, а не здесь',
      },
    },
  ],
  fingerprint: [
    {
      name: 'trust',
      input: 'checkbox',
      most: null,
      label: { en: 'Trust exactly this certificate', ru: 'Доверять именно этому сертификату' },
      hint: {
        en: 'First compare the fingerprint with the one your provider gives you',
        ru: 'Сначала сверьте отпечаток с данными провайдера',
      },
    },
    {
      name: 'owners',
      input: 'text',
      readonly: true,
      label: { en: 'Owners of zones', ru: 'Владельцы зон' },
      hint: {
        en: 'Only a change by the owner of a zone, his reseller or an administrator goes to the central DNS before this panel saves it',
        ru: 'До сохранения в панели на центральный DNS передаются только изменения владельца зоны, его реселлера или администратора',
      },
    },
    {
      name: 'pause',
      input: 'select',
      most: null,
      label: { en: 'State', ru: 'Состояние' },
      hint: {
        en: 'While paused, changes pass in this panel only and are sent afterwards',
        ru: 'Во время паузы изменения выполняются только в этой панели, а на центральный DNS передаются после неё',
      },
    },
  ],
};

const inputs: Readonly<Record<Option['values']['kind'], Input>> = {
  text: 'text',
  secret: 'password',
  list: 'text',
  servers: 'text',
  parsed: 'text',
  choice: 'select',
  number: 'text',
};

/** The fields of the settings form, in the order of the page. */
const formFields: readonly Field[] = options.flatMap(({ field, values }) =>
  field === undefined ? [] : [{ ...field, input: inputs[values.kind] }, ...(ownFields[field.name] ?? [])],
);

/**
 * Values for the templates of description files: the fields of the settings form, and the texts of the
 * fields.
 */
export function formDescription(dialect: FieldDialect): Readonly<Record<string, string>> {
  return {
    FIELDS: formFields.map((field) => element(field, dialect)).join('\n      '),
    TEXTSEN: texts('en'),
    TEXTSRU: texts('ru'),
  };
}

function element({ name, input, required, readonly, most = 255 }: Field, dialect: FieldDialect): string {
  const attributes = [
    `type="${input}" name="${name}"`,
    ...(required ? [dialect.required] : []),
    ...(readonly ? ['readonly="yes"'] : []),
    ...(most === null ? [] : [`maxlength="${most}"`]),
  ];
  const inside = input === 'select' ? dialect.select(name) : `<input ${attributes.join(' ')}/>`;
  return `<field name="${name}">${inside}</field>`;
}

function texts(language: Language): string {
  return formFields
    .flatMap(({ name, label, hint }) => [
      message(name, label[language]),
      message(`hint_${name}`, hint[language]),
    ])
    .join('\n      ');
}

function message(name: string, words: string): string {
  return `<msg name="${name}">${escapeXml(words)}</msg>`;
}
