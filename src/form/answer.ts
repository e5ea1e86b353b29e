import { describe } from '../core/describe.ts';
import type { HookCall, Language } from '../core/panel.ts';
import type { Problem } from '../dns/problem.ts';
import {
  openForm,
  runningPause,
  submitForm,
  type FormValues,
  type PauseChoice,
} from '../app/settings/form.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { ownersForForm } from '../app/answers/owner-knowledge.ts';
import { panelAt } from '../app/wiring/panel-at.ts';
import { centralKindOf, centralKinds, centralModule } from '../centrals/registry.ts';
import type { Choice, FormCall, FormLanguage } from '../panels/module.ts';
import { ownersText } from './owners.ts';

/**
 * How long the test of the connection may take, milliseconds. Nobody knows how long the panel waits for the
 * form's answer (docs/protocol.md#open-questions).
 */
const patience = 20_000;

/** Answers one call of the settings form. @returns the XML document to print */
export async function answerForm(root: string, call: HookCall): Promise<string> {
  const spoken = await panelAt(root).form();
  const form: Form = { ...spoken.decode(call), spoken };
  const wall = systemClock.wall();
  if (!form.allowed) {
    const empty = valuesOf({ ...form, field: () => '' });
    return await page(root, form, empty, { field: '', problems: [adminsOnly] });
  }
  if (!form.saving) return await page(root, form, openForm(root, wall), null);
  const result = await submitForm(root, valuesOf(form), wall, AbortSignal.timeout(patience));
  if (result.kind === 'saved') return spoken.saved();
  return await page(root, form, result.values, result);
}

const adminsOnly: Problem = { code: 'form.admins-only', params: {} };

const modes = ['strict', 'observe'] as const;

const pauses: readonly PauseChoice[] = ['off', 'keep', '1h', '4h', '24h', 'on'];

function valuesOf({ field }: FormCall): FormValues {
  return {
    host: field('host'),
    kind: centralKindOf(field('kind')),
    mode: modes.find((mode) => mode === field('mode')) ?? null,
    found: null,
    username: field('username').trim(),
    password: field('password'),
    passwordFile: '',
    fingerprint: field('fingerprint').trim(),
    trust: field('trust') === 'on',
    pause: pauses.find((choice) => choice === field('pause')) ?? 'off',
    contact: field('contact'),
  };
}

/** One call of the settings form. `spoken` encodes the answer as this kind of panel expects it. */
interface Form extends FormCall {
  readonly spoken: FormLanguage;
}

interface Wrong {
  readonly field: string;
  readonly problems: readonly Problem[];
}

async function page(root: string, form: Form, values: FormValues, wrong: Wrong | null): Promise<string> {
  const { host, kind, found, username, fingerprint, trust, mode, pause, contact } = values;
  const { language, allowed } = form;
  const stored = openForm(root, systemClock.wall());
  const place = placeText(stored, language);
  const owners = ownersText(allowed ? await ownersForForm(root) : null, language);
  const options = { language, changed: 'settings', contact: null, details: true } as const;
  const document = {
    fields: {
      host,
      kind,
      username,
      passwordplace: place,
      fingerprint,
      ...(trust ? { trust: 'on' } : {}),
      owners,
      pause,
      mode: mode ?? stored.mode ?? 'strict',
      contact,
    },
    choices: {
      kind: kindChoices(language, found),
      mode: modes.map((one): Choice => [one, modeWords[language][one]]),
      pause: pauseChoices(language, runningPause(root, systemClock.wall())),
    },
    error: wrong === null ? null : { field: wrong.field, text: describe(wrong.problems, options) },
  };
  return form.spoken.encode(document);
}

/**
 * Makes the text of the field `passwordplace`, which shows where the password is stored.
 * @param stored values of the settings file, without the user's changes
 */
function placeText({ username, passwordFile }: FormValues, language: Language): string {
  if (username === '') return language === 'ru' ? 'ещё не задан' : 'not set yet';
  if (passwordFile === '') return language === 'ru' ? 'в файле настроек' : 'in the settings file';
  return language === 'ru' ? `в файле ${passwordFile}` : `in the file ${passwordFile}`;
}

const modeWords = {
  en: { strict: 'Both sides or refused', observe: 'Observe: nothing is refused or written' },
  ru: {
    strict: 'Обе стороны или отказ',
    observe: 'Наблюдение: ничего не отклоняется и не записывается',
  },
} as const;

/**
 * Makes the choices of the field `kind`.
 * @param found kind of the panel that was found at the central; null: none was found yet
 */
function kindChoices(language: Language, found: FormValues['found']): Choice[] {
  const [auto, seen] =
    language === 'ru' ? ['Панель, автоматически', 'найдена'] : ['A panel, detect it', 'found'];
  return [
    ['auto', found === null ? auto : `${auto} (${seen}: ${centralModule(found).title})`],
    ...centralKinds.map((kind): Choice => [kind, centralModule(kind).title]),
  ];
}

/**
 * Makes the choices of the field `pause`.
 * @param end when the present pause ends, milliseconds since 1970; `null`: there is no pause
 */
function pauseChoices(language: Language, end: number | null): Choice[] {
  const russian = language === 'ru';
  const until =
    end === null || end === Infinity ? null : new Date(end).toLocaleString(russian ? 'ru' : 'en-GB');
  const keep: Choice[] =
    until === null ? [] : [['keep', russian ? `Приостановлено до ${until}` : `Paused until ${until}`]];
  return [
    ['off', russian ? 'Работает' : 'Working'],
    ...keep,
    ['1h', russian ? 'Приостановить на 1 час' : 'Pause for 1 hour'],
    ['4h', russian ? 'Приостановить на 4 часа' : 'Pause for 4 hours'],
    ['24h', russian ? 'Приостановить на сутки' : 'Pause for a day'],
    ['on', russian ? 'Приостановлено до возобновления' : 'Paused until resumed'],
  ];
}
