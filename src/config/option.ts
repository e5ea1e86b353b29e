/**
 * Functions that make the options of the settings file, one for each kind. The result is a schema that turns
 * an option's text in the file into a value.
 */
import * as v from 'valibot';
import type { Language } from '../core/panel.ts';
import { serverAddress, type ServerAddress } from './address.ts';
import { Secret } from './secret.ts';

export type Text = Readonly<Record<Language, string>>;

/** The field of the settings form that shows an option. */
export interface OptionField {
  readonly name: 'host' | 'mode' | 'kind' | 'username' | 'password' | 'fingerprint' | 'contact';
  readonly label: Text;
  readonly hint: Text;
  /**
   * Most characters that the user can type into the field (default: 255); null: the field is a list of
   * choices.
   */
  readonly most?: number | null;
  readonly required?: true;
  /** Whether the form shows the value, but the user cannot change it. */
  readonly readonly?: true;
}

/** The values that an option accepts. */
export type Values =
  | { readonly kind: 'text' }
  /** A text that is never shown, such as a password. */
  | { readonly kind: 'secret' }
  /** Words, separated by commas or spaces. */
  | { readonly kind: 'list' }
  /** Name servers, separated by commas or spaces. */
  | { readonly kind: 'servers' }
  /** One or several texts of the form `form`, separated by commas or spaces. */
  | { readonly kind: 'parsed'; readonly form: Form }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'number'; readonly unit: Unit; readonly least: number; readonly most: number };

/** The forms that option texts can have. The message about a wrong text has the code `settings.bad-FORM`. */
export type Form = 'webhook' | 'networks' | 'mailbox' | 'mailboxes' | 'program';

/** The unit of a number in the settings file. `level`: a log level. `count`: a number of things. */
export type Unit = 'seconds' | 'days' | 'MiB' | 'level' | 'count' | 'percent';

/** Facts about an option for the documentation and the settings form. */
export interface OptionFacts {
  readonly values: Values;
  /** The default, as it would be written in the file. It applies if the option is absent or empty. */
  readonly fallback: string;
  readonly help: Text;
  readonly field?: OptionField;
}

/**
 * A number in the file times this factor is the value in code: in milliseconds, in octets, or the number
 * itself.
 */
const scales: Readonly<Record<Unit, number>> = {
  seconds: 1_000,
  days: 86_400_000,
  MiB: 1_048_576,
  level: 1,
  count: 1,
  percent: 1,
};

/**
 * Joins the facts about an option.
 * @param en help text for the documentation, in English
 * @param ru the same in Russian
 */
function facts(values: Values, fallback: string, en: string, ru: string, field?: OptionField): OptionFacts {
  return { values, fallback, help: { en, ru }, ...(field && { field }) };
}

/** Makes an option for any text. */
export function textOption(en: string, ru: string, field?: OptionField) {
  return Object.assign(v.string(), { facts: facts({ kind: 'text' }, '', en, ru, field) });
}

/** Makes an option for a text that is never shown. */
export function secretOption(en: string, ru: string, field?: OptionField) {
  const schema = v.pipe(
    v.string(),
    v.transform((written) => new Secret(written)),
  );
  return Object.assign(schema, { facts: facts({ kind: 'secret' }, '', en, ru, field) });
}

/**
 * Makes an option for a text of a certain form. Its value is the result of `parse`; null if the text is empty
 * and there is no default.
 * @param parse returns null for a text that does not have the form
 */
export function parsedOption<T extends string>(
  form: Form,
  parse: (written: string) => T | null,
  en: string,
  ru: string,
  fallback = '',
) {
  const schema = v.pipe(
    v.string(),
    v.transform(orElse(fallback)),
    v.rawTransform<string, T | null>(({ dataset, addIssue, NEVER }) => {
      if (dataset.value === '') return null;
      const read = parse(dataset.value);
      if (read !== null) return read;
      addIssue();
      return NEVER;
    }),
  );
  return Object.assign(schema, { facts: facts({ kind: 'parsed', form }, fallback, en, ru) });
}

/**
 * Makes an option for several texts of a certain form, separated by commas or spaces.
 * @param parse returns null for a text that does not have the form
 * @param most how many texts are accepted
 */
export function parsedListOption<T>(
  form: Form,
  parse: (written: string) => T | null,
  en: string,
  ru: string,
  most = 100,
) {
  const schema = v.pipe(
    v.string(),
    v.rawTransform<string, readonly T[]>(({ dataset, addIssue, NEVER }) => {
      const read = wordsIn(dataset.value).map(parse);
      const good = read.filter((one) => one !== null);
      if (good.length === read.length && good.length <= most) return good;
      addIssue();
      return NEVER;
    }),
  );
  return Object.assign(schema, { facts: facts({ kind: 'parsed', form }, '', en, ru) });
}

/** Makes an option for a list of words, separated by commas or spaces. */
export function listOption(en: string, ru: string) {
  const schema = v.pipe(v.string(), v.transform(wordsIn));
  return Object.assign(schema, { facts: facts({ kind: 'list' }, '', en, ru) });
}

/** Makes an option for name servers, separated by commas or spaces. A server without a port gets port 53. */
export function serversOption(en: string, ru: string) {
  const schema = v.pipe(
    v.string(),
    v.transform((written) => wordsIn(written).map((word) => serverAddress(word, 53))),
    v.array(v.custom<ServerAddress>((server) => server !== null)),
  );
  return Object.assign(schema, { facts: facts({ kind: 'servers' }, '', en, ru) });
}

/** Makes an option for one name server. @param fallback the default, as it would stand in the file */
export function serverOption(fallback: string, en: string, ru: string) {
  const schema = v.pipe(
    v.string(),
    v.transform((written) => serverAddress(orElse(fallback)(written), 53)),
    v.custom<ServerAddress>((server) => server !== null),
  );
  return Object.assign(schema, { facts: facts({ kind: 'servers' }, fallback, en, ru) });
}

/** Makes an option that accepts one of several words. The first word is the default. */
export function choiceOption<const T extends readonly [string, ...string[]]>(
  choices: T,
  en: string,
  ru: string,
  field?: OptionField,
) {
  const [fallback] = choices;
  const schema = v.pipe(v.string(), v.transform(orElse(fallback)), v.picklist(choices));
  return Object.assign(schema, { facts: facts({ kind: 'choice', choices }, fallback, en, ru, field) });
}

/** Default and limits of a number, in the unit in which the file has it. */
interface Range {
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Makes an option for a whole number. Depending on its {@link Unit}, its value is in milliseconds, in octets,
 * or the number itself.
 */
export function numberOption(unit: Unit, { fallback, least, most }: Range, en: string, ru: string) {
  const schema = v.pipe(
    v.string(),
    v.transform(orElse(String(fallback))),
    v.digits(),
    v.transform(Number),
    v.minValue(least),
    v.maxValue(most),
    v.transform((count) => count * scales[unit]),
  );
  const values = { kind: 'number', unit, least, most } as const;
  return Object.assign(schema, { facts: facts(values, String(fallback), en, ru) });
}

function orElse(fallback: string): (written: string) => string {
  return (written) => (written === '' ? fallback : written);
}

function wordsIn(written: string): string[] {
  return written.split(/[\s,]+/).filter((word) => word !== '');
}
