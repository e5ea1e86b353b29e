import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type * as v from 'valibot';
import { serverAddress } from '../config/address.ts';
import { choiceOption, secretOption, textOption } from '../config/option.ts';
import type { Problem } from '../dns/problem.ts';
import { isLoopback } from '../net/http.ts';
import { isSystemError } from '../net/system-error.ts';
import type { PostgresSettings } from './storage/postgres.ts';

/** The port of PostgreSQL, if the settings name none. */
const usualPort = 5_432;

/** The name of the database and of its user, if the settings name none. */
const usualName = 'domainsync_gateway';

/** The options of the section `[storage]`. */
export const storageOptions = {
  kind: choiceOption(
    ['sqlite', 'postgresql'],
    'Where customers, tokens, zones and the audit are stored. `sqlite`: in the folder `state`, for one gateway.',
    'Где хранятся клиенты, токены, зоны и журнал действий. `sqlite`: в папке `state`, для одного шлюза.',
  ),
  name: textOption(
    'Name of this gateway in the audit; by default that of the machine. Each gateway needs its own.',
    'Имя этого шлюза в журнале действий, по умолчанию имя машины. У каждого шлюза должно быть своё.',
  ),
  host: textOption(
    'Address of PostgreSQL, with its port unless it is 5432; or the folder of its socket.',
    'Адрес PostgreSQL и порт, если он не 5432; или папка с сокетом.',
  ),
  database: textOption(
    `Name of the database, \`${usualName}\` by default.`,
    `Имя базы данных, по умолчанию \`${usualName}\`.`,
  ),
  user: textOption(
    `Its user, \`${usualName}\` by default.`,
    `Имя пользователя, по умолчанию \`${usualName}\`.`,
  ),
  password: secretOption('Password of the user.', 'Пароль пользователя.'),
  password_file: textOption(
    'File with the password, instead of `password`.',
    'Файл с паролем вместо `password`.',
  ),
  tls: choiceOption(
    ['verify', 'off'],
    '`verify`: PostgreSQL on another machine is asked over TLS, and its certificate is checked.',
    '`verify`: к PostgreSQL на другой машине — только по TLS с проверкой сертификата.',
  ),
  authorities: textOption(
    'File with the certificates (PEM) that may have signed its certificate; by default those of the system.',
    'Файл с сертификатами (PEM), которыми может быть подписан его сертификат; по умолчанию системные.',
  ),
} as const;

/** Where a gateway stores what it knows. */
export type StorageSettings =
  | { readonly kind: 'sqlite' }
  | { readonly kind: 'postgresql'; readonly name: string; readonly server: PostgresSettings };

type Values = v.InferOutput<v.ObjectSchema<typeof storageOptions, undefined>>;

/** Reports a mistake in the section. */
type Report = (code: Problem['code'], option: string) => void;

/** Makes the settings of the storage from the options of `[storage]`. */
export function storageSettings(values: Values, report: Report): StorageSettings {
  if (values.kind === 'sqlite') return { kind: 'sqlite' };
  const isSocket = values.host.startsWith('/');
  const address = isSocket ? { host: values.host, port: usualPort } : serverAddress(values.host, usualPort);
  if (address === null) report(values.host === '' ? 'settings.missing' : 'settings.bad-address', 'host');
  const { host, port } = address ?? { host: '', port: 0 };
  return {
    kind: 'postgresql',
    name: values.name || hostname(),
    server: {
      host,
      port,
      database: values.database || usualName,
      user: values.user || usualName,
      password: values.password.reveal(),
      authorities: authoritiesOf(values.authorities, report),
      tls: values.tls === 'verify' && !isSocket && !isLoopback(host),
    },
  };
}

function authoritiesOf(path: string, report: Report): string {
  if (path === '') return '';
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    report('gateway.bad-option', 'authorities');
    return '';
  }
}
