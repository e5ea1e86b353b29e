/**
 * What an option of the settings file may be. Each is a schema from the text in the file to the value the
 * product works with.
 */
import * as v from 'valibot';
import type { Language } from '../core/panel.ts';
import { serverAddress, type ServerAddress } from './address.ts';
import { Secret } from './secret.ts';

export type Text = Readonly<Record<Language, string>>;

/** The field of the settings form that edits an option. */
export interface OptionField {
  readonly name: 'host' | 'kind' | 'username' | 'password' | 'fingerprint' | 'contact';
  readonly label: Text;
  readonly hint: Text;
  /** Longest value that the panel's page lets somebody type; null: a list to choose from. */
  readonly most: number | null;
  readonly required?: true;
  /** Shown, not typed. */
  readonly readonly?: true;
}

/** Which values an option takes. */
export type Values =
  | { readonly kind: 'text' }
  /** Never shown. */
  | { readonly kind: 'secret' }
  /** Words with commas or spaces between. */
  | { readonly kind: 'list' }
  /** Name servers with commas or spaces between. */
  | { readonly kind: 'servers' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'number'; readonly unit: Unit; readonly least: number; readonly most: number };

/** What a number counts. */
export type Unit = 'seconds' | 'days' | 'MiB' | 'level';

/** All about an option but how it is read. */
export interface OptionFacts {
  readonly values: Values;
  /** What it is when it is absent or empty, as it would be written. */
  readonly fallback: string;
  readonly help: Text;
  readonly field?: OptionField;
}

/** In what the product works: milliseconds, octets. */
const scales: Readonly<Record<Unit, number>> = {
  seconds: 1_000,
  days: 86_400_000,
  MiB: 1_048_576,
  level: 1,
};

/** All of an option: `en` and `ru` are what the documentation says of it. */
function facts(values: Values, fallback: string, en: string, ru: string, field?: OptionField): OptionFacts {
  return { values, fallback, help: { en, ru }, ...(field && { field }) };
}

/** Any text. */
export function textOption(en: string, ru: string, field?: OptionField) {
  return Object.assign(v.string(), { facts: facts({ kind: 'text' }, '', en, ru, field) });
}

/** A text that is never shown. */
export function secretOption(en: string, ru: string, field: OptionField) {
  const schema = v.pipe(
    v.string(),
    v.transform((written) => new Secret(written)),
  );
  return Object.assign(schema, { facts: facts({ kind: 'secret' }, '', en, ru, field) });
}

/** Words with commas or spaces between. */
export function listOption(en: string, ru: string) {
  const schema = v.pipe(v.string(), v.transform(wordsIn));
  return Object.assign(schema, { facts: facts({ kind: 'list' }, '', en, ru) });
}

/** Name servers with commas or spaces between. */
export function serversOption(en: string, ru: string) {
  const schema = v.pipe(
    v.string(),
    v.transform((written) => wordsIn(written).map((word) => serverAddress(word, 53))),
    v.array(v.custom<ServerAddress>((server) => server !== null)),
  );
  return Object.assign(schema, { facts: facts({ kind: 'servers' }, '', en, ru) });
}

/** One of some words; the first is the default. */
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

/** What a number may be. */
interface Range {
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

/** A whole number; read in milliseconds, octets, or as it is. */
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
