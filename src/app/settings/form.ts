import { existsSync } from 'node:fs';
import { problem, shortened, type Problem } from '../../dns/problem.ts';
import { CentralError } from '../../core/central.ts';
import type { OptionField } from '../../config/option.ts';
import { options } from '../../config/options.ts';
import { changeIni, parseIni, type IniChanges } from '../../config/ini.ts';
import {
  loadSettings,
  NotOurFile,
  readSettings,
  saveSettings,
  secretsOf,
  settingsPath,
  settingsText,
  wholeText,
  type Settings,
} from '../../config/settings.ts';
import { Secret } from '../../config/secret.ts';
import { peerOf } from '../../net/addresses.ts';
import { probeCertificate } from '../../net/connect.ts';
import { HttpError } from '../../net/http-error.ts';
import type { IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { foundCentral } from '../wiring/found-central.ts';
import { pathsOf } from '../paths.ts';
import { endPause, pause, pauseEnd } from '../pause.ts';
import { SettingsRefused } from '../../centrals/connection.ts';
import { wireCentral } from '../wiring/wire.ts';

/**
 * Choices of the field `pause`. `off`: end the pause. `on`: pause without an end. A time: pause for that
 * long. `keep`: leave the present pause unchanged; offered only if that pause has an end.
 */
export type PauseChoice = 'off' | 'keep' | '1h' | '4h' | '24h' | 'on';

/** The values of the settings form. The user may send a password; the form never shows the stored one. */
export interface FormValues {
  readonly host: string;
  readonly kind: Settings['kind'];
  /** Null: the form sends no mode, so the stored mode stays. */
  readonly mode: Settings['mode'] | null;
  /**
   * The kind of panel that was found at the central. Null: there are no settings, or no panel was found with
   * them.
   */
  readonly found: IspmanagerKind | null;
  readonly username: string;
  readonly password: string;
  /** The file that holds the password, as the settings name it. Empty: the password is not in a file. */
  readonly passwordFile: string;
  /**
   * SHA-256 of the certificate that the user trusts, or that the form asks him to trust. Empty: there is
   * none.
   */
  readonly fingerprint: string;
  /** Whether the user trusts exactly the certificate with this `fingerprint`. */
  readonly trust: boolean;
  readonly pause: PauseChoice;
  readonly contact: string;
}

/** Fields of the form that can carry an error. */
export type FormField = Exclude<OptionField['name'], 'fingerprint'> | 'trust' | 'pause';

export type FormResult =
  | { readonly kind: 'saved' }
  /** Nothing was saved. The form opens again with `values`. */
  | {
      readonly kind: 'refused';
      readonly field: FormField;
      readonly problems: readonly Problem[];
      readonly values: FormValues;
    };

const hour = 3_600_000;
const lengths: Readonly<Record<string, number>> = { '1h': hour, '4h': 4 * hour, '24h': 24 * hour };

/** Longest value of a text field, characters. */
const mostField = 4_096;

/** The text fields. */
const formFields = ['host', 'username', 'password', 'fingerprint', 'contact'] as const;

/**
 * When the present pause ends: milliseconds since 1970. `Infinity`: when somebody resumes. `null`: there is
 * no pause.
 * @param wall wall clock, milliseconds since 1970
 */
export function runningPause(root: string, wall: number): number | null {
  const end = pauseEnd(pathsOf(root).pause);
  return end !== null && end > wall ? end : null;
}

/**
 * The values that the form shows when it is opened. If the settings file has mistakes, shows the values that
 * can still be read.
 * @param wall wall clock, milliseconds since 1970
 */
export function openForm(root: string, wall: number): FormValues {
  const stored = storedValues(root);
  const end = runningPause(root, wall);
  return {
    host: stored('isp_master.host'),
    ...storedKind(root),
    mode: stored('sync.mode') === 'observe' ? 'observe' : 'strict',
    username: stored('isp_master.username'),
    password: '',
    passwordFile: stored('isp_master.password_file'),
    fingerprint: stored('isp_master.fingerprint'),
    trust: stored('isp_master.fingerprint') !== '',
    pause: end === null ? 'off' : end === Infinity ? 'on' : 'keep',
    contact: stored('contact.support'),
  };
}

/**
 * Handles the form's OK. Checks all fields, then connection, login and rights at the central, and saves only
 * if no check fails. The agent notices the new file by itself. If the user only starts a pause, the central
 * is not contacted.
 * @param wall wall clock, milliseconds since 1970
 */
export async function submitForm(
  root: string,
  values: FormValues,
  wall: number,
  signal: AbortSignal,
): Promise<FormResult> {
  const refused: Refuse = (field, problems, shown = values) => ({
    kind: 'refused',
    field,
    problems,
    values: { ...shown, password: '' },
  });
  const long = formFields.find((field) => values[field].length > mostField);
  if (long !== undefined)
    return refused(long === 'fingerprint' ? 'trust' : long, [problem('form.unfit', {})], {
      ...values,
      [long]: shortened(values[long]),
    });
  const missing = firstMissing(root, values);
  if (missing !== null) return refused(missing.field, [missing.problem]);
  const changes = changesOf(values);
  const read = readChanged(root, changes);
  if ('field' in read) return refused(read.field, read.problems);
  if (values.pause !== 'off' && isInForce(root, read.settings)) {
    // Users start a pause because the central is down. So the central is not contacted.
    carryOutPause(root, values.pause, wall);
    return { kind: 'saved' };
  }
  // If the user only turns on mode `observe`, the central is not contacted either, because this mode does not
  // write to it.
  const observes = read.settings.mode === 'observe' && isInForce(root, { ...read.settings, mode: 'strict' });
  const failed = observes ? null : await testRefused(root, read.settings, values, refused, signal);
  if (failed !== null) return failed;
  try {
    saveSettings(root, changes);
    carryOutPause(root, values.pause, wall);
  } catch (error) {
    if (!(error instanceof NotOurFile || (error instanceof Error && 'syscall' in error))) throw error;
    return refused('host', [problem('form.not-saved', { text: error.message })]);
  }
  return { kind: 'saved' };
}

type Refuse = (field: FormField, problems: readonly Problem[], shown?: FormValues) => FormResult;

/**
 * Tests connection, login and rights at the central.
 * @returns the form to show with the error; `null`: the test succeeded
 */
async function testRefused(
  root: string,
  settings: Settings,
  values: FormValues,
  refused: Refuse,
  signal: AbortSignal,
): Promise<FormResult | null> {
  try {
    // If the user has typed a password, it is tested alone. Otherwise the login could succeed with the next
    // password, and hide that the typed one is wrong.
    const tested = values.password === '' ? settings : { ...settings, passwordNext: new Secret('') };
    await testCentral(root, tested, signal);
    return null;
  } catch (error) {
    if (error instanceof SettingsRefused) {
      return refused(fieldOfOption(error.problems[0]?.params['setting'] ?? ''), error.problems);
    }
    if (!(error instanceof CentralError)) throw error;
    if (error.code === 'central.certificate') {
      return await offerTrust(error.params['address'] ?? settings.address, values, refused, signal);
    }
    return refused(fieldOf(error), [error.problem]);
  }
}

function storedKind(root: string): Pick<FormValues, 'kind' | 'found'> {
  const loaded = loadSettings(root);
  if (loaded.kind !== 'configured') return { kind: 'auto', found: null };
  return { kind: loaded.settings.kind, found: foundCentral(root, loaded.settings)?.kind ?? null };
}

/**
 * Makes a function that returns the values in the settings file, by `section.option`. If the file has
 * mistakes, the function returns values that can still be read.
 */
function storedValues(root: string): (key: string) => string {
  const loaded = loadSettings(root);
  if (loaded.kind === 'broken') return entriesIn(loaded.path);
  if (loaded.kind === 'not-configured') return () => '';
  const { address, username, passwordFile, fingerprint, mode, contact } = loaded.settings;
  const values: Readonly<Record<string, string>> = {
    'isp_master.host': address,
    'isp_master.username': username,
    'isp_master.password_file': passwordFile,
    'isp_master.fingerprint': fingerprint,
    'sync.mode': mode,
    'contact.support': contact ?? '',
  };
  return (key) => values[key] ?? '';
}

function entriesIn(path: string): (key: string) => string {
  let text: string;
  try {
    text = settingsText(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return () => '';
    throw error;
  }
  const { entries } = parseIni(text);
  return (key) => entries.find(({ section, option }) => `${section}.${option}` === key)?.value ?? '';
}

interface Missing {
  readonly field: FormField;
  readonly problem: Problem;
}

/**
 * Finds the first required field that is empty. If the user changes host or user name, he must type the
 * password: the stored one must not be sent to another host or user.
 */
function firstMissing(root: string, values: FormValues): Missing | null {
  if (values.host.trim() === '') return { field: 'host', problem: problem('form.host-missing', {}) };
  if (values.username === '') return { field: 'username', problem: problem('form.user-missing', {}) };
  const file = storedValues(root)('isp_master.password_file');
  if (file !== '') return besideFile(root, values, file);
  if (values.password !== '') return null;
  const stored = loadSettings(root);
  if (stored.kind !== 'configured') {
    return { field: 'password', problem: problem('form.password-missing', {}) };
  }
  const { address, username } = stored.settings;
  const same = values.username === username && addressOf(values.host, values.kind) === address;
  return same ? null : { field: 'password', problem: problem('form.password-again', {}) };
}

/**
 * Used if the password is in a file. Refuses to change the password, or to use it for another host or user,
 * because the form cannot do this.
 * @param file the path of the file, as the settings name it
 */
function besideFile(root: string, values: FormValues, file: string): Missing | null {
  const stored = storedValues(root);
  const same =
    values.username === stored('isp_master.username') &&
    addressOf(values.host, values.kind) === addressOf(stored('isp_master.host'), values.kind);
  if (same && values.password === '') return null;
  return { field: 'password', problem: problem('form.password-in-file', { file, path: settingsPath(root) }) };
}

/** Returns the central's address for a host that the user has typed; empty if the host is not valid. */
function addressOf(host: string, kind: FormValues['kind']): string {
  const lines = [
    '[isp_master]',
    `host = ${host.trim()}`,
    `kind = ${kind}`,
    'username = x',
    'password = x',
    '',
  ];
  const read = readSettings(lines.join('\n'), '');
  return read.kind === 'configured' ? read.settings.address : '';
}

function changesOf(values: FormValues): IniChanges {
  const password = values.password === '' ? {} : { password: values.password };
  const fingerprint = values.trust && values.fingerprint !== '' ? values.fingerprint : null;
  return {
    isp_master: {
      host: values.host.trim(),
      kind: values.kind === 'auto' ? null : values.kind,
      username: values.username,
      ...password,
      fingerprint,
    },
    ...(values.mode === null ? {} : { sync: { mode: values.mode === 'observe' ? 'observe' : null } }),
    contact: { support: values.contact.trim() === '' ? null : values.contact.trim() },
  };
}

type Read =
  | { readonly settings: Settings }
  | { readonly field: FormField; readonly problems: readonly Problem[] };

const unreadable: ReadonlySet<string> = new Set(['settings.unreadable', 'settings.too-large']);

/**
 * Makes the settings that would be in force after saving. If they cannot be saved, returns the field that
 * causes this.
 */
function readChanged(root: string, changes: IniChanges): Read {
  const path = settingsPath(root);
  const loaded = loadSettings(root);
  if (loaded.kind === 'broken' && loaded.problems.some(({ code }) => unreadable.has(code))) {
    return { field: 'host', problems: loaded.problems };
  }
  const text = loaded.kind === 'not-configured' && !existsSync(path) ? '' : settingsText(path);
  for (const [section, changed] of Object.entries(changes)) {
    for (const [option, value] of Object.entries(changed)) {
      const unfit = unfitness(text, section, option, value);
      if (unfit) return { field: fieldOfOption(option), problems: [problem('form.unfit', {})] };
    }
  }
  const read = readSettings(changeIni(text, changes), path, secretsOf(root));
  if (read.kind === 'configured') return { settings: read.settings };
  const problems = read.kind === 'broken' ? read.problems : [problem('form.host-missing', {})];
  return { field: fieldOfOption(problems[0]?.params['option'] ?? 'host'), problems };
}

/**
 * Whether the settings file cannot store this value. It cannot if reading the file would give another value.
 */
function unfitness(text: string, section: string, option: string, value: string | null): boolean {
  try {
    changeIni(text, { [section]: { [option]: value } });
    return false;
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

/**
 * The form field that shows errors of an option. `option` may also be `pin`, by which a central's errors name
 * the fingerprint.
 */
function fieldOfOption(option: string): FormField {
  if (option.startsWith('password')) return 'password';
  const name = options.find((one) => one.option === option)?.field?.name;
  // Users cannot change the field `fingerprint`, so its errors are shown at `trust`.
  if (name === 'fingerprint' || option === 'pin') return 'trust';
  return name ?? 'host';
}

/** Whether these settings are the same as those in the settings file. */
function isInForce(root: string, settings: Settings): boolean {
  const loaded = loadSettings(root);
  return loaded.kind === 'configured' && wholeText(loaded.settings) === wholeText(settings);
}

async function testCentral(root: string, settings: Settings, signal: AbortSignal): Promise<void> {
  const central = await wireCentral(settings, root);
  try {
    await central.check({ signal, operation: '-' });
  } finally {
    await central.close();
  }
}

function fieldOf(error: CentralError): FormField {
  if (error.code === 'central.login' || error.code === 'central.login-blocked') return 'password';
  if (error.code === 'central.wrong-kind') return 'kind';
  const reached = ['central.access-denied', 'central.refused', 'central.limit'].includes(error.code);
  return reached ? 'username' : 'host';
}

/**
 * Codes of Node.js which mean that no known authority has signed the certificate. The message has words for
 * this, so it does not show the code.
 */
const unknownIssuer: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Makes the form that shows the certificate of the server. The user can compare it, and trust only this
 * certificate.
 */
async function offerTrust(
  address: string,
  values: FormValues,
  refused: Refuse,
  signal: AbortSignal,
): Promise<FormResult> {
  try {
    const seen = await probeCertificate(peerOf(new URL(address), 443), signal);
    const { fingerprint, subject, issuer, validTo, distrust } = seen;
    const text = distrust === null || unknownIssuer.has(distrust) ? '' : distrust;
    const facts = { fingerprint, subject, issuer, until: validTo, text };
    const code = values.trust ? 'form.other-certificate' : 'form.untrusted-certificate';
    return refused('trust', [problem(code, facts)], { ...values, fingerprint, trust: false });
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return refused('host', [problem('central.unreachable', error.params)], values);
  }
}

function carryOutPause(root: string, choice: PauseChoice, wall: number): void {
  const { pause: path } = pathsOf(root);
  if (choice === 'off') endPause(path);
  else if (choice === 'on') pause(path, Infinity);
  else if (choice !== 'keep') pause(path, wall + (lengths[choice] ?? hour));
}
