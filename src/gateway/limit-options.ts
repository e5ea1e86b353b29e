import * as v from 'valibot';
import { serverAddress, type ServerAddress } from '../config/address.ts';
import { numberOption, textOption } from '../config/option.ts';
import type { ApiLimits } from './api/limits.ts';

/** The option `status_listen` of `[gateway]`. */
export const statusOption = textOption(
  'Address and port of `/healthz`, `/readyz` and `/metrics`, for which no login is needed; none by default. A port alone is one of 127.0.0.1.',
  'Адрес и порт `/healthz`, `/readyz` и `/metrics`, для которых вход не нужен; по умолчанию не открывается. Один номер порта означает порт на 127.0.0.1.',
);

/** Reads `status_listen`. @returns null: health checks and metrics have no address */
export function statusListener(text: string): (ServerAddress & object) | null | 'bad' {
  if (text === '') return null;
  const address = serverAddress(/^\d+$/u.test(text) ? `127.0.0.1:${text}` : text, 0);
  return address === null || address.port === 0 ? 'bad' : address;
}

/** The options of `[limits]`. */
export const limitOptions = {
  requests: numberOption(
    'count',
    { fallback: 6_000, least: 1, most: 1_000_000 },
    'Number of requests of one token, and of those that it has made, in a minute. So many are also served at once.',
    'Число запросов одного токена и выпущенных им токенов в минуту. Столько же выполняется и сразу подряд.',
  ),
  writes: numberOption(
    'count',
    { fallback: 1_200, least: 1, most: 1_000_000 },
    'The same for requests that write.',
    'То же для запросов, которые что-то меняют.',
  ),
  at_once: numberOption(
    'count',
    { fallback: 100, least: 1, most: 10_000 },
    'Number of requests of one token that run at the same time.',
    'Число одновременных запросов одного токена.',
  ),
  failed_logins: numberOption(
    'count',
    { fallback: 30, least: 1, most: 100_000 },
    'Number of failed logins from one address in a minute (IPv6: from one network with 64 bits). Tokens that were used from there before are still accepted.',
    'Число неудачных входов с одного адреса в минуту (IPv6: из одной сети с 64 битами). Токены, которые уже использовались оттуда, по-прежнему принимаются.',
  ),
  connections: numberOption(
    'count',
    { fallback: 2_000, least: 1, most: 100_000 },
    'Number of open connections.',
    'Число открытых соединений.',
  ),
  connections_by_address: numberOption(
    'count',
    { fallback: 200, least: 1, most: 100_000 },
    'Number of open connections from one address (IPv6: from one network with 64 bits).',
    'Число открытых соединений с одного адреса (IPv6: из одной сети с 64 битами).',
  ),
  sending: numberOption(
    'seconds',
    { fallback: 20, least: 1, most: 600 },
    'How long a client may take to send a request. A connection on which no request comes is closed then.',
    'Сколько клиент может отправлять запрос. Соединение, по которому запрос не пришёл, после этого закрывается.',
  ),
  idle: numberOption(
    'seconds',
    { fallback: 60, least: 1, most: 3_600 },
    'How long a connection is kept open after an answer.',
    'Сколько соединение остаётся открытым после ответа.',
  ),
} as const;

const schema = v.object(limitOptions);

/** Makes the limits of the values of `[limits]`. */
export function apiLimits(values: v.InferOutput<typeof schema>): ApiLimits {
  return {
    requests: values.requests,
    writes: values.writes,
    atOnce: values.at_once,
    logins: values.failed_logins,
    connections: values.connections,
    connectionsByAddress: values.connections_by_address,
    sending: values.sending,
    idle: values.idle,
  };
}
