import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { serverAddress, type ServerAddress } from '../config/address.ts';
import { parseIni, type IniEntry } from '../config/ini.ts';
import { optionKey, optionsOf } from '../config/option-table.ts';
import { listOption, numberOption, textOption } from '../config/option.ts';
import { SettingsTooLarge, settingsText } from '../config/settings.ts';
import { problem, type Problem } from '../dns/problem.ts';
import { isLoopback } from '../net/http.ts';
import { isSystemError } from '../net/system-error.ts';
import {
  readBackend,
  backendOptions,
  furtherBackendsOf,
  furtherNames,
  plainBackend,
  type Backend,
} from './backend-settings.ts';
import { optionPlace, sourceValues, type SettingsSource } from './settings-source.ts';
import type { ApiLimits } from './api/limits.ts';
import type { TrustedProxies } from './api/sender.ts';
import type { Certificate } from './api/server.ts';
import { readNameRules } from './names/name-settings.ts';
import type { NameRules } from './names/zone-names.ts';
import { apiLimits, limitOptions, statusListener, statusOption } from './limit-options.ts';
import { proxyOptions, trustedProxies } from './proxy-settings.ts';
import { storageOptions, storageSettings, type StorageSettings } from './storage-settings.ts';

/** The port of the API, if the settings name none. */
const usualPort = 8553;

/** The folder of the database, if the settings name none. */
const usualState = '/var/lib/domainsync-gateway';

const sections = {
  gateway: {
    listen: textOption(
      `Address and port of the API, \`127.0.0.1:${usualPort}\` by default. Other machines need \`certificate\` and \`key\`.`,
      `Адрес и порт API, по умолчанию \`127.0.0.1:${usualPort}\`. Для доступа с других машин нужны \`certificate\` и \`key\`.`,
    ),
    status_listen: statusOption,
    ...proxyOptions,
    certificate: textOption('File with the certificate chain (PEM).', 'Файл с цепочкой сертификатов (PEM).'),
    key: textOption('File with its private key (PEM).', 'Файл с закрытым ключом (PEM).'),
    state: textOption(
      `Folder of the database, \`${usualState}\` by default.`,
      `Папка базы данных, по умолчанию \`${usualState}\`.`,
    ),
    audit_heads: textOption(
      'File with the last entries of the audit, `audit-heads` in `state` by default. Best on another disk: it shows when an older database was put back.',
      'Файл с последними записями журнала действий, по умолчанию `audit-heads` в `state`. Лучше на другом диске: по нему видно, что возвращена старая база.',
    ),
    reserved: listOption(
      'Names and networks of the provider. No customer can create a zone with such a name, below or above it, or a reverse zone of such a network.',
      'Имена и сети провайдера. Клиент не может создать зону с таким именем, выше или ниже него, и обратную зону такой сети.',
    ),
    reverse: listOption(
      'Networks in which customers can create reverse zones. Without it they cannot create any.',
      'Сети, обратные зоны которых могут создавать клиенты. Без этого параметра — никакие.',
    ),
    public_suffixes: textOption(
      'File with the Public Suffix List, instead of the one in this release.',
      'Файл со списком Public Suffix List вместо встроенного.',
    ),
    quarantine: numberOption(
      'days',
      { fallback: 30, least: 0, most: 3_650 },
      'For how many days nobody else can create a zone that a customer has deleted.',
      'Сколько дней никто другой не может создать зону, удалённую клиентом.',
    ),
    keep_changes: numberOption(
      'days',
      { fallback: 180, least: 1, most: 3_650 },
      'For how many days a change and its outcome are kept. The audit is kept for ever.',
      'Сколько дней хранятся изменения и их результаты. Журнал действий хранится всегда.',
    ),
    keep_addresses: numberOption(
      'days',
      { fallback: 365, least: 1, most: 36_500 },
      'After how many days addresses of clients are erased in audit and changes.',
      'Через сколько дней адреса клиентов стираются в журнале действий и изменениях.',
    ),
  },
  limits: limitOptions,
  storage: storageOptions,
  backend: backendOptions,
} as const;

/** All options of the settings file of a gateway. */
export const gatewayOptions = v.object({
  gateway: v.object(sections.gateway),
  limits: v.object(sections.limits),
  storage: v.object(sections.storage),
  backend: v.object(sections.backend),
});

/** The options that say where the gateway's data are stored. */
const placeOptions = v.object({
  gateway: v.object({ state: sections.gateway.state, audit_heads: sections.gateway.audit_heads }),
  storage: v.object(sections.storage),
});

export interface GatewaySettings {
  readonly listen: ServerAddress & object;
  /** Address of health checks and metrics; null: they have none. */
  readonly statusListen: (ServerAddress & object) | null;
  readonly certificate: Certificate | null;
  readonly limits: ApiLimits;
  readonly proxies: TrustedProxies;
  /** Folder of the SQLite database. */
  readonly state: string;
  readonly storage: StorageSettings;
  /** Path of the file with heads of the audit. */
  readonly auditHeads: string;
  /** Of which names customers may make zones. */
  readonly names: NameRules;
  /** Milliseconds. */
  readonly quarantine: number;
  /** Milliseconds. */
  readonly keepChanges: number;
  /** Milliseconds. */
  readonly keepAddresses: number;
  /** The name server of the section `[backend]`. */
  readonly backend: Backend;
  /** The name servers of sections `[backend NAME]`, by name. */
  readonly furtherBackends: ReadonlyMap<string, Backend>;
}

/** Settings of the gateway that cannot be used, with every reason. */
export class GatewaySettingsRefused extends Error {
  override readonly name = 'GatewaySettingsRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ code }) => code).join(', '));
    this.problems = problems;
  }
}

/**
 * Reads only where the gateway's data are stored, for commands that need no key of the name server.
 * @throws {GatewaySettingsRefused} with every problem of the sections about the storage
 */
export function loadStorageSettings(path: string): Pick<GatewaySettings, 'state' | 'storage' | 'auditHeads'> {
  const { entries } = parseIni(textOf(path));
  const own = entries.filter(
    ({ section, option }) => section === 'storage' || option === 'state' || option === 'audit_heads',
  );
  const source = sourceOf(path, own, []);
  const { gateway, storage } = sourceValues(placeOptions, source);
  const read = storageSettings(storage, storageReporter(source));
  if (source.problems.length > 0) throw new GatewaySettingsRefused(source.problems);
  const state = gateway.state || usualState;
  return { state, storage: read, auditHeads: headsOf(state, gateway.audit_heads) };
}

/**
 * Reads only the names of the name servers that have a name.
 * @throws {GatewaySettingsRefused} if the file cannot be read
 */
export function backendNames(path: string): readonly string[] {
  return furtherNames(parseIni(textOf(path)).entries);
}

/**
 * Reads the settings file of a gateway, and the files that it names.
 * @throws {GatewaySettingsRefused} with every problem, each with its line
 */
export function loadGatewaySettings(path: string): GatewaySettings {
  const text = textOf(path);
  const { entries, mistakes } = parseIni(text);
  const wrong = mistakes.map(({ line, kind }) => problem(`settings.${kind}`, { path, line: String(line) }));
  const source = sourceOf(path, entries, wrong);
  const { problems } = source;
  const values = sourceValues(gatewayOptions, source);
  const { gateway } = values;
  const listen = serverAddress(gateway.listen || `127.0.0.1:${usualPort}`, usualPort);
  if (listen === null) problems.push(problem('settings.bad-address', optionPlace(source, 'gateway.listen')));
  const status = statusListener(gateway.status_listen);
  if (status === 'bad')
    problems.push(problem('settings.bad-address', optionPlace(source, 'gateway.status_listen')));
  const certificate = certificateOf(gateway, source);
  if (listen !== null && certificate === null && !isLoopback(listen.host))
    problems.push(problem('gateway.certificate-needed', optionPlace(source, 'gateway.listen')));
  const proxies = trustedProxies(gateway);
  if (proxies === null)
    problems.push(problem('gateway.bad-option', optionPlace(source, 'gateway.trusted_proxies')));
  const storage = storageSettings(values.storage, storageReporter(source));
  const backend = readBackend(values.backend, source);
  const furtherBackends = furtherBackendsOf(entries, source);
  const names = nameRulesOf(gateway, [backend, ...furtherBackends.values()], source);
  if (problems.length > 0 || listen === null || proxies === null) throw new GatewaySettingsRefused(problems);
  return {
    listen,
    statusListen: status === 'bad' ? null : status,
    certificate,
    limits: apiLimits(values.limits),
    proxies,
    state: gateway.state || usualState,
    auditHeads: headsOf(gateway.state || usualState, gateway.audit_heads),
    names,
    storage,
    quarantine: gateway.quarantine,
    keepChanges: gateway.keep_changes,
    keepAddresses: gateway.keep_addresses,
    backend,
    furtherBackends,
  };
}

type Values = v.InferOutput<typeof gatewayOptions>;

/** @param problems the problems so far. One is added for each option that does not exist */
function sourceOf(path: string, entries: readonly IniEntry[], problems: readonly Problem[]): SettingsSource {
  const known = new Set(optionsOf(gatewayOptions).map(optionKey));
  const unknown = entries.filter((entry) => !known.has(optionKey(plainBackend(entry))));
  const found = unknown.map(({ section, option, line }) =>
    problem('gateway.unknown-option', { path, line: String(line), option: `[${section}] ${option}` }),
  );
  return {
    path,
    section: null,
    entries: new Map(entries.map((entry) => [optionKey(entry), entry])),
    problems: [...problems, ...found],
  };
}

function storageReporter(source: SettingsSource): Parameters<typeof storageSettings>[1] {
  return (code, option) => {
    source.problems.push(problem(code, optionPlace(source, `storage.${option}`)));
  };
}

function textOf(path: string): string {
  try {
    return settingsText(path);
  } catch (error) {
    const isTooLarge = error instanceof SettingsTooLarge;
    if (!isTooLarge && !isSystemError(error)) throw error;
    throw new GatewaySettingsRefused([
      problem(isTooLarge ? 'settings.too-large' : 'settings.unreadable', { path, most: '256' }),
    ]);
  }
}

function certificateOf({ certificate, key }: Values['gateway'], source: SettingsSource): Certificate | null {
  if (certificate === '' && key === '') return null;
  const read = (path: string, option: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (!isSystemError(error)) throw error;
      source.problems.push(problem('gateway.bad-option', optionPlace(source, option)));
      return '';
    }
  };
  return { cert: read(certificate, 'gateway.certificate'), key: read(key, 'gateway.key') };
}

function headsOf(state: string, path: string): string {
  return path === '' ? join(state, 'audit-heads') : path;
}

/**
 * Names of name servers are reserved too. A customer with such a zone could change the server's address, and
 * so answer for all zones of the provider.
 */
function nameRulesOf(
  gateway: Values['gateway'],
  backends: readonly Backend[],
  source: SettingsSource,
): NameRules {
  const { rules, wrong, badFile } = readNameRules({
    reserved: [...gateway.reserved, ...backends.flatMap(({ newZones }) => newZones.nameServers)],
    reverse: gateway.reverse,
    suffixFile: gateway.public_suffixes,
  });
  const { problems } = source;
  for (const option of wrong)
    problems.push(problem('gateway.bad-option', optionPlace(source, `gateway.${option}`)));
  if (badFile) {
    const place = optionPlace(source, 'gateway.public_suffixes');
    problems.push(problem('gateway.bad-suffixes', { file: gateway.public_suffixes, ...place }));
  }
  return rules;
}
