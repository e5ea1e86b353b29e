import type * as v from 'valibot';
import { choiceOption, listOption } from '../config/option.ts';
import { readNetwork } from '../net/inside.ts';
import { proxyHeaders, type TrustedProxies } from './api/sender.ts';

/** The options of `[gateway]` about proxies in front of it. */
export const proxyOptions = {
  trusted_proxies: listOption(
    'Addresses or networks of proxies in front of the gateway, none by default. Only these are believed what they write in `proxy_header`: whose request they send.',
    'Адреса или сети прокси перед шлюзом, по умолчанию никакие. Только им шлюз верит, чей запрос они передают (`proxy_header`).',
  ),
  proxy_header: choiceOption(
    proxyHeaders,
    'The header in which these proxies add the address of the client. The other one is not read.',
    'Заголовок, в который эти прокси дописывают адрес клиента. Другой заголовок не читается.',
  ),
} as const;

interface Values {
  readonly trusted_proxies: readonly string[];
  readonly proxy_header: v.InferOutput<(typeof proxyOptions)['proxy_header']>;
}

/**
 * Makes the trusted proxies of the values of the options.
 * @returns null: a value is no network, or the network of all addresses, which would trust every client
 */
export function trustedProxies({
  trusted_proxies: texts,
  proxy_header: header,
}: Values): TrustedProxies | null {
  const networks = texts.map(readNetwork).filter((network) => network !== null);
  const isWrong = networks.length < texts.length || networks.some(({ prefix }) => prefix === 0);
  return isWrong ? null : { networks, header };
}
