import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { pinOf, SettingsRefused } from '../centrals/connection.ts';
import type { CentralConnection } from '../centrals/module.ts';
import { centralModule } from '../centrals/registry.ts';
import { centralAddress, serverAddress, type ServerAddress } from '../config/address.ts';
import { parseIni, type IniEntry } from '../config/ini.ts';
import { objection, optionKey, optionsOf, readOptions, type OptionTable } from '../config/option-table.ts';
import { choiceOption, listOption, numberOption, secretOption, textOption } from '../config/option.ts';
import { secretReader } from '../config/secret-file.ts';
import { fileSecrets } from '../config/secret-options.ts';
import { SettingsTooLarge, settingsText } from '../config/settings.ts';
import { problem, type Problem } from '../dns/problem.ts';
import { isLoopback } from '../net/http.ts';
import { isSystemError } from '../net/system-error.ts';
import type { ApiLimits } from './api/limits.ts';
import type { Certificate } from './api/server.ts';
import { readNameRules } from './names/name-settings.ts';
import type { NameRules } from './names/zone-names.ts';
import { apiLimits, limitOptions, statusListener, statusOption } from './limit-options.ts';
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
  storage: storageOptions,
  limits: limitOptions,
  backend: {
    kind: choiceOption(['powerdns', 'bind', 'knot'], 'What the name server is.', 'Вид сервера имён.'),
    host: textOption(
      'PowerDNS: address of its API, `http://127.0.0.1:8081` or https. BIND and Knot: the primary, host or host:port.',
      'PowerDNS: адрес API, `http://127.0.0.1:8081` или https. BIND и Knot: первичный сервер, узел или узел:порт.',
    ),
    username: textOption(
      'PowerDNS: account with which the zones of the gateway are marked. BIND and Knot: name of the TSIG key.',
      'PowerDNS: учётная запись, которой помечаются зоны шлюза. BIND и Knot: имя ключа TSIG.',
    ),
    password: secretOption(
      'PowerDNS: the API key. BIND and Knot: the secret of the TSIG key, base64.',
      'PowerDNS: ключ API. BIND и Knot: секрет ключа TSIG, base64.',
    ),
    password_file: textOption(
      'File that holds the password, instead of `password`: an absolute path, or the name of a systemd credential.',
      'Файл с паролем вместо `password`: полный путь или имя учётных данных systemd.',
    ),
    password_next: secretOption(
      'Password that takes the place of `password` when the name server refuses that one.',
      'Пароль, который начинает действовать, когда сервер имён отклоняет `password`.',
    ),
    password_next_file: textOption(
      'File that holds `password_next`, as `password_file` does.',
      'Файл с `password_next`, как в `password_file`.',
    ),
    fingerprint: textOption(
      'SHA-256 fingerprint of the only certificate of the name server to trust.',
      'Отпечаток SHA-256 единственного сертификата сервера имён, которому доверять.',
    ),
    ca_file: textOption(
      'File with the certificate authority to trust instead of the public ones.',
      'Файл центра сертификации, которому доверять вместо общеизвестных.',
    ),
    algorithm: choiceOption(
      ['hmac-sha256', 'hmac-sha384', 'hmac-sha512', 'hmac-sha1', 'hmac-md5'],
      'BIND and Knot: algorithm of the TSIG key. The last two are weak.',
      'BIND и Knot: алгоритм ключа TSIG. Два последних слабые.',
    ),
    transport: choiceOption(
      ['tcp', 'tls', 'udp'],
      'BIND and Knot: how to talk to the name server. `tls`: port 853, the certificate is checked as for https.',
      'BIND и Knot: как обращаться к серверу имён. `tls` — порт 853, сертификат проверяется, как для https.',
    ),
    nameservers: listOption(
      'PowerDNS: name servers of new zones. Empty: those that the panel names.',
      'PowerDNS: серверы имён новых зон. Пусто: те, что называет панель.',
    ),
    zone_kind: choiceOption(['native', 'master'], 'PowerDNS: kind of new zones.', 'PowerDNS: вид новых зон.'),
    timeout: numberOption(
      'seconds',
      { fallback: 8, least: 1, most: 60 },
      'How long one request of a client may take at the name server.',
      'Сколько может длиться один запрос клиента к серверу имён.',
    ),
  },
} as const;

/** All options of the settings file of a gateway. */
export const gatewayOptions = v.object({
  gateway: v.object(sections.gateway),
  storage: v.object(sections.storage),
  limits: v.object(sections.limits),
  backend: v.object(sections.backend),
});

/** How a name server behind the gateway is reached. */
export type Backend = CentralConnection & { readonly kind: 'powerdns' | 'rfc2136' };

export interface GatewaySettings {
  readonly listen: ServerAddress & object;
  /** Where health checks and metrics are; null: nowhere. */
  readonly statusListen: (ServerAddress & object) | null;
  readonly certificate: Certificate | null;
  readonly limits: ApiLimits;
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
  readonly backend: Backend;
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

/** What commands need that do not ask the name server. */
const storageTable = v.object({
  gateway: v.object({ state: sections.gateway.state, audit_heads: sections.gateway.audit_heads }),
  storage: v.object(sections.storage),
});

/**
 * Reads only where the gateway's data are stored, for commands that need no key of the name server.
 * @throws {GatewaySettingsRefused} with every problem of the options about the storage
 */
export function loadStorageSettings(path: string): Pick<GatewaySettings, 'state' | 'storage' | 'auditHeads'> {
  const { entries } = parseIni(textOf(path));
  const own = entries.filter(
    ({ section, option }) => section === 'storage' || option === 'state' || option === 'audit_heads',
  );
  const source = sourceOf(path, own);
  const { gateway, storage } = valuesOf(storageTable, source);
  const read = storageOf(storage, source);
  if (source.problems.length > 0) throw new GatewaySettingsRefused(source.problems);
  const state = gateway.state || usualState;
  return { state, storage: read, auditHeads: headsOf(state, gateway.audit_heads) };
}

/**
 * Reads the settings file of a gateway, and the files that it names.
 * @throws {GatewaySettingsRefused} with every problem, each with its line
 */
export function loadGatewaySettings(path: string): GatewaySettings {
  const text = textOf(path);
  const { entries, mistakes } = parseIni(text);
  const source = sourceOf(path, entries);
  const { problems } = source;
  for (const { line, kind } of mistakes)
    problems.push(problem(`settings.${kind}`, { path, line: String(line) }));
  const values = valuesOf(gatewayOptions, source);
  const { gateway } = values;
  const listen = serverAddress(gateway.listen || `127.0.0.1:${usualPort}`, usualPort);
  if (listen === null) problems.push(problem('settings.bad-address', placeOf(source, 'gateway.listen')));
  const status = statusListener(gateway.status_listen);
  if (status === 'bad')
    problems.push(problem('settings.bad-address', placeOf(source, 'gateway.status_listen')));
  const certificate = certificateOf(gateway, source);
  if (listen !== null && certificate === null && !isLoopback(listen.host))
    problems.push(problem('gateway.certificate-needed', placeOf(source, 'gateway.listen')));
  const storage = storageOf(values.storage, source);
  const names = nameRulesOf(values, source);
  const backend = backendOf(values.backend, source);
  if (problems.length > 0 || listen === null) throw new GatewaySettingsRefused(problems);
  return {
    listen,
    statusListen: status === 'bad' ? null : status,
    certificate,
    limits: apiLimits(values.limits),
    state: gateway.state || usualState,
    auditHeads: headsOf(gateway.state || usualState, gateway.audit_heads),
    storage,
    names,
    quarantine: gateway.quarantine,
    keepChanges: gateway.keep_changes,
    keepAddresses: gateway.keep_addresses,
    backend,
  };
}

type Values = v.InferOutput<typeof gatewayOptions>;

/** The entries of the file by `section.option`, and a list that collects problems. */
interface Source {
  readonly path: string;
  readonly entries: ReadonlyMap<string, IniEntry>;
  readonly problems: Problem[];
}

/** @param entries of which unknown ones are problems */
function sourceOf(path: string, entries: readonly IniEntry[]): Source {
  const known = new Set(optionsOf(gatewayOptions).map(optionKey));
  const unknown = entries.filter((entry) => !known.has(optionKey(entry)));
  return {
    path,
    entries: new Map(entries.map((entry) => [optionKey(entry), entry])),
    problems: unknown.map(({ section, option, line }) =>
      problem('gateway.unknown-option', { path, line: String(line), option: `[${section}] ${option}` }),
    ),
  };
}

function storageOf(values: Values['storage'], source: Source): StorageSettings {
  return storageSettings(values, (code, option) => {
    source.problems.push(problem(code, placeOf(source, `storage.${option}`)));
  });
}

/** Path, line and name of an option, for a problem. @param key `section.option` */
function placeOf({ path, entries }: Source, key: string): Record<string, string> {
  const [, option = ''] = key.split('.');
  return { path, line: String(entries.get(key)?.line ?? 0), option };
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

/** The values of all options, and the secrets in files. An option with a mistake gets its default. */
function valuesOf<T>(table: OptionTable<T>, source: Source): T {
  const { path, entries, problems } = source;
  const reader = secretReader(() => process.env['CREDENTIALS_DIRECTORY'] ?? null);
  const secrets = fileSecrets(optionsOf(table), entries, path, reader);
  problems.push(...secrets.problems.map((one) => one.problem));
  return readOptions(
    table,
    (option) => secrets.texts.get(optionKey(option)) ?? entries.get(optionKey(option))?.value ?? '',
    (option) => problems.push(objection(option, placeOf(source, optionKey(option)))),
  );
}

function certificateOf({ certificate, key }: Values['gateway'], source: Source): Certificate | null {
  if (certificate === '' && key === '') return null;
  const read = (path: string, option: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (!isSystemError(error)) throw error;
      source.problems.push(problem('gateway.bad-option', placeOf(source, option)));
      return '';
    }
  };
  return { cert: read(certificate, 'gateway.certificate'), key: read(key, 'gateway.key') };
}

function headsOf(state: string, path: string): string {
  return path === '' ? join(state, 'audit-heads') : path;
}

/** Names of name servers are reserved too: a zone with such a name would answer for all other zones. */
function nameRulesOf({ gateway, backend }: Values, source: Source): NameRules {
  const { rules, wrong, badFile } = readNameRules({
    reserved: [...gateway.reserved, ...backend.nameservers],
    reverse: gateway.reverse,
    suffixFile: gateway.public_suffixes,
  });
  const { problems } = source;
  for (const option of wrong)
    problems.push(problem('gateway.bad-option', placeOf(source, `gateway.${option}`)));
  if (badFile) {
    const place = placeOf(source, 'gateway.public_suffixes');
    problems.push(problem('gateway.bad-suffixes', { file: gateway.public_suffixes, ...place }));
  }
  return rules;
}

function backendOf(values: Values['backend'], source: Source): Backend {
  const { problems, entries } = source;
  const { host, username, password, transport } = values;
  const isGiven = (option: string): boolean => (entries.get(`backend.${option}`)?.value ?? '') !== '';
  const missing = ['host', 'username', ...(isGiven('password_file') ? [] : ['password'])];
  for (const option of missing.filter((one) => !isGiven(one)))
    problems.push(problem('settings.missing', placeOf(source, `backend.${option}`)));
  const kind = values.kind === 'powerdns' ? 'powerdns' : 'rfc2136';
  const address = centralAddress(host, centralModule(kind).host, transport);
  if (typeof address === 'string' && host !== '')
    problems.push(problem(address, placeOf(source, 'backend.host')));
  return {
    kind,
    address: typeof address === 'string' ? '' : address.url,
    username,
    password: password.reveal(),
    passwordNext: values.password_next.reveal(),
    timeout: values.timeout,
    ...trusted(values, problems),
    login: '',
    // A zone that is not read as a whole would look as if it lacked the rest, so a transfer is always used.
    dns: { algorithm: values.algorithm, transport, axfr: true },
    newZones: { nameServers: values.nameservers, kind: values.zone_kind },
    nativeSerials: false,
  };
}

function trusted(
  { fingerprint, ca_file: caFile }: Values['backend'],
  problems: Problem[],
): Pick<Backend, 'pin'> {
  try {
    return pinOf({ fingerprint, caFile });
  } catch (error) {
    if (!(error instanceof SettingsRefused)) throw error;
    problems.push(...error.problems);
    return {};
  }
}
