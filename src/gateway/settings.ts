import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { CentralConnection } from '../centrals/module.ts';
import { serverAddress, type ServerAddress } from '../config/address.ts';
import { parseIni, type IniEntry } from '../config/ini.ts';
import { choiceOption, listOption, numberOption, secretOption, textOption } from '../config/option.ts';
import { secretReader } from '../config/secret-file.ts';
import { SettingsTooLarge, settingsText } from '../config/settings.ts';
import { problem, type Problem } from '../dns/problem.ts';
import { isLoopback } from '../net/http.ts';
import { isSystemError } from '../net/system-error.ts';
import type { ApiLimits } from './api/limits.ts';
import type { Certificate } from './api/server.ts';
import { readNameRules } from './names/name-settings.ts';
import type { NameRules } from './names/zone-names.ts';
import { apiLimits, limitOptions, statusListener, statusOption } from './limit-options.ts';

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
      'Folder of the database, `/var/lib/domainsync-gateway` by default.',
      'Папка базы данных, по умолчанию `/var/lib/domainsync-gateway`.',
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
  },
  limits: limitOptions,
  backend: {
    kind: choiceOption(['powerdns'], 'What the name server is.', 'Вид сервера имён.'),
    host: textOption('Address of its API.', 'Адрес его API.'),
    username: textOption(
      'Account with which the zones of the gateway are marked.',
      'Учётная запись, которой помечаются зоны шлюза.',
    ),
    password: secretOption('Its API key.', 'Ключ API.'),
    password_file: textOption(
      'File with the API key, instead of `password`.',
      'Файл с ключом API вместо `password`.',
    ),
    nameservers: listOption('Name servers of new zones.', 'Серверы имён новых зон.'),
    timeout: numberOption(
      'seconds',
      { fallback: 8, least: 1, most: 60 },
      'How long one request of a client may take at the name server.',
      'Сколько может длиться один запрос клиента к серверу имён.',
    ),
  },
} as const;

const schema = v.object({
  gateway: v.object(sections.gateway),
  limits: v.object(sections.limits),
  backend: v.object(sections.backend),
});

export interface GatewaySettings {
  readonly listen: ServerAddress & object;
  /** Where health checks and metrics are; null: nowhere. */
  readonly statusListen: (ServerAddress & object) | null;
  readonly certificate: Certificate | null;
  readonly limits: ApiLimits;
  /** Folder of the database. */
  readonly state: string;
  /** Of which names customers may make zones. */
  readonly names: NameRules;
  /** Milliseconds. */
  readonly quarantine: number;
  /** Milliseconds. */
  readonly keepChanges: number;
  /** The kind of name server, and how it is reached. */
  readonly backend: CentralConnection & { readonly kind: 'powerdns' };
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
 * Reads only the folder of the database, for commands that need no key of the name server.
 * @throws {GatewaySettingsRefused} if the file cannot be read
 */
export function stateFolder(path: string): string {
  const { entries } = parseIni(textOf(path));
  const entry = entries.find(({ section, option }) => section === 'gateway' && option === 'state');
  return entry?.value || usualState;
}

/**
 * Reads the settings file of a gateway, and the files that it names.
 * @throws {GatewaySettingsRefused} with every problem, each with its line
 */
export function loadGatewaySettings(path: string): GatewaySettings {
  const text = textOf(path);
  const problems: Problem[] = [];
  const { entries, mistakes } = parseIni(text);
  for (const { line, kind } of mistakes)
    problems.push(problem(`settings.${kind}`, { path, line: String(line) }));
  const found = new Map(entries.map((entry) => [`${entry.section}.${entry.option}`, entry]));
  const values = valuesOf(found, path, problems);
  for (const { section, option, line } of entries) {
    if (!isOption(section, option))
      problems.push(
        problem('gateway.unknown-option', { path, line: String(line), option: `[${section}] ${option}` }),
      );
  }
  const at = (option: string): Record<string, string> => {
    const [, name = ''] = option.split('.');
    return { path, line: String(found.get(option)?.line ?? 0), option: name };
  };
  const listen = serverAddress(values.gateway.listen || `127.0.0.1:${usualPort}`, usualPort);
  if (listen === null) problems.push(problem('settings.bad-address', at('gateway.listen')));
  const status = statusListener(values.gateway.status_listen);
  if (status === 'bad') problems.push(problem('settings.bad-address', at('gateway.status_listen')));
  const certificate = certificateOf(values.gateway, problems, at);
  if (listen !== null && certificate === null && !isLoopback(listen.host))
    problems.push(problem('gateway.certificate-needed', at('gateway.listen')));
  const names = nameRulesOf(values, problems, at);
  const password = passwordOf(values.backend, problems, at);
  for (const option of ['host', 'username'] as const)
    if (values.backend[option] === '') problems.push(problem('settings.missing', at(`backend.${option}`)));
  if (password === '') problems.push(problem('settings.missing', at('backend.password')));
  if (problems.length > 0 || listen === null) throw new GatewaySettingsRefused(problems);
  const { gateway, backend, limits } = values;
  return {
    listen,
    statusListen: status === 'bad' ? null : status,
    certificate,
    limits: apiLimits(limits),
    state: gateway.state || usualState,
    names,
    quarantine: gateway.quarantine,
    keepChanges: gateway.keep_changes,
    backend: {
      kind: backend.kind,
      address: backend.host,
      username: backend.username,
      password,
      passwordNext: '',
      timeout: backend.timeout,
      login: '',
      dns: { algorithm: '', transport: 'tcp', axfr: false },
      newZones: { nameServers: backend.nameservers, kind: 'native' },
      nativeSerials: false,
    },
  };
}

type Values = v.InferOutput<typeof schema>;
type Place = (option: string) => Record<string, string>;

function isOption(section: string, option: string): boolean {
  return (
    (section === 'gateway' && Object.hasOwn(sections.gateway, option)) ||
    (section === 'limits' && Object.hasOwn(sections.limits, option)) ||
    (section === 'backend' && Object.hasOwn(sections.backend, option))
  );
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

/** The values of all options. An option with a mistake is reported and gets its default. */
function valuesOf(found: ReadonlyMap<string, IniEntry>, path: string, problems: Problem[]): Values {
  const mistaken = new Set<string>();
  const texts = (): unknown =>
    Object.fromEntries(
      Object.entries(sections).map(([section, options]) => [
        section,
        Object.fromEntries(
          Object.keys(options).map((option) => {
            const key = `${section}.${option}`;
            return [option, mistaken.has(key) ? '' : (found.get(key)?.value ?? '')];
          }),
        ),
      ]),
    );
  const read = v.safeParse(schema, texts(), { abortPipeEarly: true });
  if (read.success) return read.output;
  for (const issue of read.issues) {
    const key = v.getDotPath(issue) ?? '';
    mistaken.add(key);
    const params = { path, line: String(found.get(key)?.line ?? 0), option: key.split('.')[1] ?? '' };
    problems.push(problem('gateway.bad-option', params));
  }
  return v.parse(schema, texts());
}

function certificateOf(
  { certificate, key }: Values['gateway'],
  problems: Problem[],
  at: Place,
): Certificate | null {
  if (certificate === '' && key === '') return null;
  const read = (path: string, option: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (!isSystemError(error)) throw error;
      problems.push(problem('gateway.bad-option', at(option)));
      return '';
    }
  };
  return { cert: read(certificate, 'gateway.certificate'), key: read(key, 'gateway.key') };
}

/** Names of name servers are reserved too: a zone with such a name would answer for all other zones. */
function nameRulesOf({ gateway, backend }: Values, problems: Problem[], at: Place): NameRules {
  const { rules, wrong, badFile } = readNameRules({
    reserved: [...gateway.reserved, ...backend.nameservers],
    reverse: gateway.reverse,
    suffixFile: gateway.public_suffixes,
  });
  for (const option of wrong) problems.push(problem('gateway.bad-option', at(`gateway.${option}`)));
  if (badFile) {
    const file = gateway.public_suffixes;
    problems.push(problem('gateway.bad-suffixes', { file, ...at('gateway.public_suffixes') }));
  }
  return rules;
}

function passwordOf(
  { password, password_file: named }: Values['backend'],
  problems: Problem[],
  at: Place,
): string {
  if (named === '') return password.reveal();
  const { text, problem: wrong } = secretReader(() => process.env['CREDENTIALS_DIRECTORY'] ?? null)(named);
  if (wrong !== null)
    problems.push(problem(wrong.code, { file: named, ...wrong.params, ...at('backend.password_file') }));
  return text;
}
