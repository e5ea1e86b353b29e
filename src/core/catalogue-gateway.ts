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
  'gateway.deep-name': {
    en: 'Only the provider can create the zone {zone}: it has more than {most} labels.',
    ru: 'Зону {zone} может создать только провайдер: в её имени больше {most} меток.',
  },
  'gateway.special-name': {
    en: 'Nobody can create the zone {zone}: no resolver asks the public DNS for such names.',
    ru: 'Зону {zone} создать нельзя: такие имена в публичном DNS не ищут.',
  },
  'gateway.reverse-name': {
    en: 'The reverse zone {zone} can be created only by the provider, who knows to whom the addresses belong. Ask him for it.',
    ru: 'Обратную зону {zone} может создать только провайдер: он знает, чьи это адреса. Обратитесь к нему.',
  },
  'gateway.reserved-name': {
    en: 'The zone {zone} cannot be created: the provider has reserved this name. Ask him for it.',
    ru: 'Зону {zone} создать нельзя: это имя зарезервировано провайдером. Обратитесь к нему.',
  },
  'gateway.public-suffix': {
    en: 'The zone {zone} cannot be created: names directly below it belong to many different owners (it is on the Public Suffix List). Create the zone of your own name below it.',
    ru: 'Зону {zone} создать нельзя: имена непосредственно под ней принадлежат разным владельцам (она есть в списке Public Suffix List). Создайте зону своего имени под ней.',
  },
  'gateway.reserved-prefix': {
    en: 'The zone {zone} cannot be created: clients ask this name on behalf of all names below the public suffix.',
    ru: 'Зону {zone} создать нельзя: к этому имени обращаются от лица всех имён под общим суффиксом.',
  },
  'gateway.bad-suffixes': {
    en: '{path}, line {line}: the file {file} in {option} cannot be read, or is no list in the form of publicsuffix.org.',
    ru: '{path}, строка {line}: файл {file} в {option} не читается или не является списком в формате publicsuffix.org.',
  },
  'gateway.token-wider': {
    en: 'The token would be able to do more than the one that makes it ({text}). Nothing was changed. Grant less: each rule within one rule of the maker, its networks, its end.',
    ru: 'Новый токен мог бы больше, чем тот, которым его создают ({text}). Ничего не изменено. Дайте меньше прав: каждое правило в пределах одного правила исходного токена, его сетей и срока.',
  },
  'gateway.no-network': {
    en: '{text} is neither an address nor a network such as 192.0.2.0/24.',
    ru: '{text} — не адрес и не сеть вида 192.0.2.0/24.',
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
  'gateway.not-json': {
    en: 'The gateway takes JSON only: Content-Type application/json, and no Content-Encoding. Nothing was changed.',
    ru: 'Шлюз принимает только JSON: Content-Type application/json, без Content-Encoding. Ничего не изменено.',
  },
  'gateway.precondition': {
    en: 'The records are not what the request expects. Nothing was changed. Read them again.',
    ru: 'Записи не такие, как ожидает запрос. Ничего не изменено. Прочитайте их заново.',
  },
  'gateway.no-customer': {
    en: 'There is no customer {about}.',
    ru: 'Клиента {about} нет.',
  },
  'gateway.customer-exists': {
    en: 'There is a customer {about} already.',
    ru: 'Клиент {about} уже есть.',
  },
  'gateway.bad-customer': {
    en: '{about} cannot be the id of a customer: at most 40 lower-case letters, digits and hyphens are wanted.',
    ru: '{about} не может быть идентификатором клиента: нужны не более 40 строчных латинских букв, цифр и дефисов.',
  },
  'gateway.no-token': {
    en: 'There is no token {about} that is in use.',
    ru: 'Действующего токена {about} нет.',
  },
  'gateway.no-owner': {
    en: 'Nobody owns the zone {about}.',
    ru: 'У зоны {about} нет владельца.',
  },
  'gateway.foreign': {
    en: '{about} belongs to another customer, or would belong to another one than the zone above or below it. Nothing was changed. Move both ("zone transfer --with-below", "withBelow"), or let its owner consent ("zone grant").',
    ru: '{about} принадлежит другому клиенту или стала бы принадлежать не тому клиенту, что зона выше или ниже неё. Ничего не изменено. Передайте обе («zone transfer --with-below», «withBelow») или дайте согласие владельца («zone grant»).',
  },
  'gateway.limit': {
    en: '{about} may have no further zone or token. Nothing was changed.',
    ru: 'У клиента {about} больше не может быть зон или токенов. Ничего не изменено.',
  },
  'gateway.no-backend': {
    en: 'The settings have no section [backend {about}]. The section [backend] itself is called "default".',
    ru: 'В настройках нет раздела [backend {about}]. Сам раздел [backend] называется «default».',
  },
  'gateway.bad-network': {
    en: 'No address or network: {about}.',
    ru: 'Не адрес и не сеть: {about}.',
  },
  'gateway.not-below': {
    en: '{about} is not below {parent}. Nothing was changed. A grant is for a zone below the one that its giver has.',
    ru: '{about} не находится под {parent}. Ничего не изменено. Разрешение даётся на зону под зоной того, кто его даёт.',
  },
  'gateway.no-grant': {
    en: '{about} has no such grant for {child}.',
    ru: 'У клиента {about} нет такого разрешения на {child}.',
  },
  'gateway.heads-unreadable': {
    en: 'The file "audit_heads" with the exported heads of the audit cannot be read ({about}). Look at its rights, or put back a copy of the file.',
    ru: 'Файл «audit_heads» с выгруженными записями журнала действий не читается ({about}). Проверьте права доступа или верните копию файла.',
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
    en: 'The database of the gateway cannot be read or written ({text}). Look at the folder "state" of its settings (rights, space on the disk), or whether PostgreSQL runs and knows user and password.',
    ru: 'База данных шлюза не читается или не записывается ({text}). Проверьте папку «state» из настроек (права доступа, место на диске) или работу PostgreSQL, имя и пароль в нём.',
  },
  'gateway.storage.lease-lost': {
    en: 'Another gateway has taken the zone meanwhile, because this one was too slow. Nothing of this step was stored. Look at the load of this machine.',
    ru: 'Зону тем временем занял другой шлюз, потому что этот работал слишком медленно. Этот шаг не сохранён. Проверьте нагрузку этой машины.',
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
