import * as v from 'valibot';
import { pinOf, SettingsRefused } from '../centrals/connection.ts';
import type { CentralConnection } from '../centrals/module.ts';
import { centralModule } from '../centrals/registry.ts';
import { centralAddress } from '../config/address.ts';
import type { IniEntry } from '../config/ini.ts';
import { optionKey } from '../config/option-table.ts';
import { choiceOption, listOption, numberOption, secretOption, textOption } from '../config/option.ts';
import { problem, type Problem } from '../dns/problem.ts';
import { optionPlace, sourceValues, type SettingsSource } from './settings-source.ts';

/** The options of a section `[backend]` or `[backend NAME]`. */
export const backendOptions = {
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
} as const;

const table = v.object({ backend: v.object(backendOptions) });

type Values = v.InferOutput<typeof table>['backend'];

/** How a name server behind the gateway is reached. */
export type Backend = CentralConnection & { readonly kind: 'powerdns' | 'rfc2136' };

/** How commands name the section `[backend]`. No further name server can have this name. */
export const plainBackendName = 'default';

/** The section of a further name server. Its name is the first group. */
const furtherSection = /^backend (?!default$)([a-z0-9][a-z0-9-]{0,39})$/u;

/** An entry of a section `[backend NAME]` as one of `[backend]`; any other entry as it is. */
export function plainBackend(entry: IniEntry): IniEntry {
  return furtherSection.test(entry.section) ? { ...entry, section: 'backend' } : entry;
}

/** The names of the further name servers, in their order in the file. */
export function furtherNames(entries: readonly IniEntry[]): readonly string[] {
  const names = entries.flatMap(({ section }) => furtherSection.exec(section)?.[1] ?? []);
  return [...new Set(names)];
}

/** Reads the sections `[backend NAME]`. Mistakes are added to the problems of the source. */
export function furtherBackendsOf(
  entries: readonly IniEntry[],
  { path, problems }: SettingsSource,
): ReadonlyMap<string, Backend> {
  return new Map(
    furtherNames(entries).map((name) => {
      const section = `backend ${name}`;
      const own = entries.filter((entry) => entry.section === section).map(plainBackend);
      const source = { path, section, entries: new Map(own.map((one) => [optionKey(one), one])), problems };
      return [name, readBackend(sourceValues(table, source).backend, source)];
    }),
  );
}

/** Reads one name server. Mistakes are added to the problems of the source. */
export function readBackend(values: Values, source: SettingsSource): Backend {
  const { problems, entries } = source;
  const { host, username, password, transport } = values;
  const isGiven = (option: string): boolean => (entries.get(`backend.${option}`)?.value ?? '') !== '';
  const missing = ['host', 'username', ...(isGiven('password_file') ? [] : ['password'])];
  for (const option of missing.filter((one) => !isGiven(one)))
    problems.push(problem('settings.missing', optionPlace(source, `backend.${option}`)));
  const kind = values.kind === 'powerdns' ? 'powerdns' : 'rfc2136';
  const address = centralAddress(host, centralModule(kind).host, transport);
  if (typeof address === 'string' && host !== '')
    problems.push(problem(address, optionPlace(source, 'backend.host')));
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

function trusted({ fingerprint, ca_file: caFile }: Values, problems: Problem[]): Pick<Backend, 'pin'> {
  try {
    return pinOf({ fingerprint, caFile });
  } catch (error) {
    if (!(error instanceof SettingsRefused)) throw error;
    problems.push(...error.problems);
    return {};
  }
}
