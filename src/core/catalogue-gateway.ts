import type { Entry } from './catalogue-entry.ts';

/** Texts of the provider's gateway (docs/gateway.md). */
export const gatewayTexts = {
  'gateway.key-reused': {
    en: 'The key of this change was used for another change before. Nothing was changed. Send each change with a key of its own.',
    ru: 'Ключ этого изменения уже использован для другого изменения. Ничего не изменено. Отправляйте каждое изменение со своим ключом.',
  },
  'gateway.found-otherwise': {
    en: 'The zone has other records there than the request expects. Nothing was changed. The answer lists what is there.',
    ru: 'В зоне там другие записи, чем ожидает запрос. Ничего не изменено. Записи, которые там есть, указаны в ответе.',
  },
  'gateway.no-zone-name': {
    en: 'Nobody can create the zone {zone}: it is the root or a top-level domain.',
    ru: 'Зону {zone} создать нельзя: это корень или домен верхнего уровня.',
  },
  'gateway.bad-request': {
    en: 'The gateway does not understand the request ({text}). Nothing was changed.',
    ru: 'Шлюз не понимает запрос ({text}). Ничего не изменено.',
  },
  'gateway.no-such-path': {
    en: 'The gateway has no such function. Nothing was changed.',
    ru: 'У шлюза нет такой функции. Ничего не изменено.',
  },
  'gateway.too-large': {
    en: 'The request is larger than the gateway accepts. Nothing was changed.',
    ru: 'Запрос больше, чем принимает шлюз. Ничего не изменено.',
  },
  'gateway.failed': {
    en: 'The gateway failed because of a defect. Its log has the cause under the number of the request.',
    ru: 'Сбой шлюза из-за ошибки в программе. Причина указана в журнале шлюза под номером запроса.',
  },
  'gateway.bad-option': {
    en: '{path}, line {line}: {option} has a value that cannot be used.',
    ru: '{path}, строка {line}: значение {option} использовать нельзя.',
  },
  'gateway.unknown-option': {
    en: '{path}, line {line}: there is no option {option}.',
    ru: '{path}, строка {line}: параметра {option} нет.',
  },
  'gateway.certificate-needed': {
    en: '{path}, line {line}: {option} is an address that other machines can reach, so "certificate" and "key" are needed. Or listen on 127.0.0.1.',
    ru: '{path}, строка {line}: адрес в {option} доступен с других машин, поэтому нужны «certificate» и «key». Либо укажите 127.0.0.1.',
  },
  'gateway.storage.failed': {
    en: 'The database of the gateway cannot be read or written ({text}). Look at the folder "state" of its settings: rights, space on the disk.',
    ru: 'База данных шлюза не читается или не записывается ({text}). Проверьте папку «state» из настроек: права доступа, место на диске.',
  },
  'gateway.storage.in-use': {
    en: 'Another gateway runs with the same folder "state". Stop it first, or give each its own folder.',
    ru: 'С той же папкой «state» работает другой шлюз. Сначала остановите его или укажите другую папку.',
  },
  'gateway.storage.other-user': {
    en: 'The database of the gateway ({text}) belongs to another user of the system. Run this command as the user of the gateway, with "sudo -u" or "runuser -u".',
    ru: 'База данных шлюза ({text}) принадлежит другому пользователю системы. Выполните команду от имени пользователя шлюза, с помощью «sudo -u» или «runuser -u».',
  },
  'gateway.storage.newer': {
    en: 'A later release has made the database of the gateway. Install that release or a later one.',
    ru: 'База данных шлюза создана более новой версией. Установите эту или более новую версию.',
  },
} satisfies Readonly<Record<string, Entry>>;
