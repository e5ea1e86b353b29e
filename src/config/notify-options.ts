/**
 * Defines the options of the section `[notify]`, which say whom to notify when a panel needs an
 * administrator.
 */
import * as v from 'valibot';
import type { Problem } from '../dns/problem.ts';
import { isLoopback } from '../net/http.ts';
import { readNetwork } from '../net/inside.ts';
import {
  choiceOption,
  numberOption,
  parsedOption,
  parsedListOption,
  secretOption,
  textOption,
} from './option.ts';
import type { Secret } from './secret.ts';

/** Least length of the secret that signs webhooks, octets. */
const leastSecret = 16;
/** Longest URL of a webhook, characters. */
const longestUrl = 2_048;
/** Most recipients that a mail can have. */
const mostRecipients = 20;

export const notify = v.object({
  webhook: parsedOption(
    'webhook',
    webhookUrl,
    'URL that gets a signed POST request when reasons for an administrator begin or end: `https://`, or `http://` to a loopback address. Empty: none ([monitoring.md](monitoring.md#webhook)).',
    'URL, на который отправляется подписанный запрос POST, когда появляется или исчезает то, что требует внимания администратора. `https://`; `http://` — только с адресом самого сервера. Пусто: не отправлять ([monitoring.md](monitoring.md#webhook)).',
  ),
  webhook_secret: secretOption(
    'Secret that the requests are signed with, 16 characters or more; `whsec_` and Base64, or any text.',
    'Секрет, которым подписываются запросы, не короче 16 знаков: `whsec_` и Base64 или любой текст.',
  ),
  webhook_secret_file: textOption(
    'File that holds this secret, instead of `webhook_secret`, as `password_file` does.',
    'Файл с этим секретом вместо `webhook_secret`, как в `password_file`.',
  ),
  webhook_ca_file: textOption(
    'File with the certificate authority to trust for the webhook instead of the public ones.',
    'Файл центра сертификации, которому доверять при отправке на этот URL, вместо общеизвестных.',
  ),
  webhook_inside: parsedListOption(
    'networks',
    readNetwork,
    'Addresses or networks inside (`10.1.2.3`, `192.168.0.0/16`, `127.0.0.1`) that the webhook may lead to. All others that are not public are refused.',
    'Внутренние адреса или сети (`10.1.2.3`, `192.168.0.0/16`, `127.0.0.1`), куда можно отправлять запросы. Все прочие непубличные адреса отклоняются.',
  ),
  mail_to: parsedListOption(
    'mailboxes',
    mailbox,
    'Addresses that get a mail at the same time, with commas between, at most 20. Empty: none.',
    'Адреса, на которые в то же время отправляется письмо, через запятую, не больше 20. Пусто: не отправлять.',
    mostRecipients,
  ),
  mail_from: parsedOption(
    'mailbox',
    mailbox,
    'Sender of the mails. Empty: the mail system chooses.',
    'Отправитель писем. Пусто: выбирает почтовая система.',
  ),
  sendmail: parsedOption(
    'program',
    programPath,
    'Program that takes the mail, as sendmail does, with the arguments `-t -i`: an absolute path.',
    'Программа, которая принимает письмо как sendmail, с аргументами `-t -i`: полный путь.',
    '/usr/sbin/sendmail',
  ),
  language: choiceOption(['en', 'ru'], 'Language of the notifications.', 'Язык уведомлений.'),
  check_every: numberOption(
    'seconds',
    { fallback: 60, least: 1, most: 3_600 },
    'How often it is looked whether reasons began or ended. A change is told when two looks in a row agree.',
    'Как часто проверяется, не изменилось ли что-нибудь. Уведомление уходит, когда изменение видно в двух проверках подряд.',
  ),
  most_per_hour: numberOption(
    'count',
    { fallback: 10, least: 1, most: 1_000 },
    'How many notifications are sent in an hour at most. Later changes are told together.',
    'Сколько уведомлений отправляется за час. Об остальных изменениях сообщается потом, одним уведомлением.',
  ),
  deadline: numberOption(
    'seconds',
    { fallback: 10, least: 1, most: 20 },
    'Longest time that one request, or the mail program, may take.',
    'Сколько может занять один запрос или работа почтовой программы.',
  ),
});

/** The values of `[notify]` under the names used in code. Times are in milliseconds. */
export function notifyValues(values: v.InferOutput<typeof notify>) {
  return {
    /** URL of the webhook; null: there is none. */
    webhook: values.webhook,
    webhookSecret: values.webhook_secret,
    /** Path of a file with the certificate authority to trust. Empty: the public authorities are trusted. */
    webhookCaFile: values.webhook_ca_file,
    webhookInside: values.webhook_inside,
    mailTo: values.mail_to,
    /** Address of the sender; null: the mail system chooses it. */
    mailFrom: values.mail_from,
    sendmail: values.sendmail ?? '',
    language: values.language,
    checkEvery: values.check_every,
    mostPerHour: values.most_per_hour,
    deadline: values.deadline,
  };
}

/** The settings of notifications. */
export type NotifySettings = Readonly<ReturnType<typeof notifyValues>>;

/**
 * Checks options that depend on each other: a webhook needs a secret.
 * @param lineOf returns the line of an option in the section; 0: the section does not have the option
 */
export function notifyProblems(
  { webhook, webhook_secret: secret }: v.InferOutput<typeof notify>,
  path: string,
  lineOf: (option: string) => number,
): readonly Problem[] {
  const option = 'webhook_secret';
  if (webhook === null || webhookKey(secret).length >= leastSecret) return [];
  const params = { path, line: String(lineOf(option)), option };
  return secret.reveal() === ''
    ? [{ code: 'settings.missing', params }]
    : [{ code: 'settings.short-secret', params: { ...params, least: String(leastSecret) } }];
}

/**
 * Makes the key that signs webhooks from the secret: the decoded Base64 after `whsec_`, or else the text in
 * UTF-8.
 */
export function webhookKey(secret: Secret): Buffer {
  const text = secret.reveal();
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/u.exec(text) ?? [];
  return base64 === undefined ? Buffer.from(text, 'utf8') : Buffer.from(base64, 'base64');
}

/** Parses the URL of a webhook. A user name, a password or a fragment in it is refused. */
function webhookUrl(text: string): string | null {
  if (text.length > longestUrl || /[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return null;
  const { protocol, hostname, username, password, hash, href } = new URL(text);
  const isAllowed = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return isAllowed && `${username}${password}${hash}` === '' ? href : null;
}

/**
 * Checks a mail recipient: an address, or the name of a local user. Accepts only text that needs no quotes in
 * a header (RFC 5322 section 3.4.1). Refuses text that a mail program could take for an option or a pipe.
 */
function mailbox(text: string): string | null {
  const isMailbox =
    /^[a-z0-9_][a-z0-9!#$%&'*+/=?^_{|}~.-]{0,63}(?:@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?$/iu.test(
      text,
    );
  return isMailbox && text.length <= 254 && !/\.\.|\.(?:@|$)/u.test(text) ? text : null;
}

/**
 * Checks the path of a program. A path with `$` or `%` is refused, because systemd replaces these characters
 * in command lines.
 */
function programPath(text: string): string | null {
  return /^(?:\/[\w.+-]+)+$/u.test(text) && !/\/\.{1,2}(?:\/|$)/u.test(text) ? text : null;
}
