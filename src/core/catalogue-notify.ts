import type { Entry } from './catalogue-entry.ts';

/** Texts of the reasons why a notification could not be delivered. Administrators read them. */
export const notifyTexts = {
  'notify.nothing-set': {
    en: 'The settings name nobody to notify: see "webhook" and "mail_to" in [notify].',
    ru: 'В настройках не указано, кого уведомлять: см. webhook и mail_to в разделе [notify].',
  },
  'notify.unreachable': {
    en: 'The webhook gave no answer: {text}.',
    ru: 'Адрес webhook не ответил: {text}.',
  },
  'notify.certificate': {
    en: 'The certificate of the webhook is not trusted: {text}. For an authority of your own see "webhook_ca_file".',
    ru: 'Сертификат адреса webhook не прошёл проверку: {text}. Если у вас собственный центр сертификации, укажите webhook_ca_file.',
  },
  'notify.redirect': {
    en: 'The webhook redirects to {host}; redirects are not followed. Write the new URL into the settings.',
    ru: 'Адрес webhook перенаправляет на {host}; перенаправления не выполняются. Укажите в настройках новый URL.',
  },
  'notify.answered': {
    en: 'The webhook answered with HTTP status {status}.',
    ru: 'Адрес webhook ответил кодом HTTP {status}.',
  },
  'notify.unresolved': {
    en: 'The host name of the webhook, {host}, has no address: {text}.',
    ru: 'Для имени {host} из адреса webhook не найден IP-адрес: {text}.',
  },
  'notify.inside-address': {
    en: 'The webhook was not called: {host} leads to {address}, which is not a public address. If this is intended, name it in "webhook_inside".',
    ru: 'Запрос не отправлен: {host} ведёт на {address}, а это не публичный адрес. Если так и задумано, укажите его в webhook_inside.',
  },
  'notify.program-missing': {
    en: 'The mail program {program} cannot be started: {text}.',
    ru: 'Почтовую программу {program} не удалось запустить: {text}.',
  },
  'notify.program-failed': {
    en: 'The mail program {program} ended with status {status}: {text}',
    ru: 'Почтовая программа {program} завершилась с кодом {status}: {text}',
  },
  'notify.program-late': {
    en: 'The mail program {program} did not end within {seconds} s and was killed.',
    ru: 'Почтовая программа {program} не завершилась за {seconds} с и была остановлена.',
  },
} as const satisfies Readonly<Record<string, Entry>>;
