import type { Entry } from './catalogue-entry.ts';

/** Texts of problems in DNS data (`src/dns/problem-codes.ts`) and in the record keys of a panel. */
export const dataTexts = {
  'name.empty-label': {
    en: 'The name {name} has an empty part (two dots in a row).',
    ru: 'В имени {name} есть пустая часть (две точки подряд).',
    advice: 'correct',
  },
  'name.label-too-long': {
    en: 'A part of the name {name} is longer than 63 characters.',
    ru: 'Часть имени {name} длиннее 63 символов.',
    advice: 'correct',
  },
  'name.too-long': {
    en: 'The name {name} is longer than 255 octets.',
    ru: 'Имя {name} длиннее 255 октетов.',
    advice: 'correct',
  },
  'name.bad-escape': {
    en: 'The name {name} has a backslash that escapes nothing.',
    ru: 'В имени {name} неверно использована обратная косая черта.',
    advice: 'correct',
  },
  'name.not-idna': {
    en: 'The part {label} of the name {name} is not a valid international name.',
    ru: 'Часть {label} имени {name} не является допустимым международным именем.',
    advice: 'correct',
  },
  'name.deviation': {
    en: 'The name {name} has a character that is encoded in two ways ({label}); write the name in punycode (xn--...).',
    ru: 'В имени {name} есть символ с неоднозначной кодировкой ({label}); запишите имя в punycode (xn--...).',
    advice: 'correct',
  },
  'name.relative': {
    en: 'The name {name} must be absolute here, with a dot at its end.',
    ru: 'Имя {name} здесь должно быть полным, с точкой на конце.',
    advice: 'correct',
  },
  'name.out-of-zone': {
    en: 'The name {name} is not in the domain {zone}.',
    ru: 'Имя {name} не входит в домен {zone}.',
    advice: 'correct',
  },
  'type.unknown': {
    en: 'The record type {type} is not known.',
    ru: 'Тип записи {type} неизвестен.',
    advice: 'correct',
  },
  'record.control-character': {
    en: 'The field {field} contains a line break, a tab or another control character, which the panel does not accept.',
    ru: 'В поле {field} есть перевод строки, табуляция или другой управляющий символ: панель такое не принимает.',
    advice: 'correct',
  },
  'rdata.missing-field': {
    en: 'A record of type {type} lacks its {field}.',
    ru: 'В записи типа {type} не хватает поля {field}.',
    advice: 'correct',
  },
  'rdata.extra-field': {
    en: 'A record of type {type} has more fields than its type allows: {value}.',
    ru: 'В записи типа {type} есть лишние поля: {value}.',
    advice: 'correct',
  },
  'rdata.bad-ipv4': {
    en: '{value} is not an IPv4 address.',
    ru: '{value} — не адрес IPv4.',
    advice: 'correct',
  },
  'rdata.bad-ipv6': {
    en: '{value} is not an IPv6 address.',
    ru: '{value} — не адрес IPv6.',
    advice: 'correct',
  },
  'rdata.bad-number': {
    en: 'The {field} of a record of type {type} must be a whole number within its limits: {value}.',
    ru: 'В поле {field} записи типа {type} нужно целое число в допустимых пределах: {value}.',
    advice: 'correct',
  },
  'rdata.bad-tag': {
    en: 'The {field} of a record of type {type} may have letters and digits only: {value}.',
    ru: 'Поле {field} записи типа {type} может состоять только из букв и цифр: {value}.',
    advice: 'correct',
  },
  'rdata.bad-escape': {
    en: 'The text {text} has a backslash that escapes nothing.',
    ru: 'В тексте {text} неверно использована обратная косая черта.',
    advice: 'correct',
  },
  'zonefile.include': {
    en: 'A zone file may not include another one ($INCLUDE). Put its lines here.',
    ru: 'Подключать другой файл ($INCLUDE) нельзя. Вставьте его строки сюда.',
    advice: 'correct',
  },
  'zonefile.directive': {
    en: 'This is not understood here: {value}. Only $ORIGIN and $TTL are, each with one value.',
    ru: 'Здесь непонятно: {value}. Допустимы только $ORIGIN и $TTL, каждая с одним значением.',
    advice: 'correct',
  },
  'zonefile.bad-ttl': {
    en: '{value} is no TTL: seconds are wanted, or 1h30m and the like.',
    ru: '{value} — не TTL: нужны секунды или запись вида 1h30m.',
    advice: 'correct',
  },
  'zonefile.class': {
    en: 'Only records of class IN are taken, not {value}.',
    ru: 'Принимаются только записи класса IN, а не {value}.',
    advice: 'correct',
  },
  'zonefile.parenthesis': {
    en: 'A parenthesis has no counterpart.',
    ru: 'У скобки нет пары.',
    advice: 'correct',
  },
  'zonefile.no-owner': {
    en: 'The record has no name: the line begins with a space, and no name stands before it.',
    ru: 'У записи нет имени: строка начинается с пробела, а выше имя не указано.',
    advice: 'correct',
  },
  'zonefile.outside': {
    en: 'The name {value} lies outside the zone.',
    ru: 'Имя {value} не относится к этой зоне.',
    advice: 'correct',
  },
  'rdata.unbalanced-quote': {
    en: 'A quotation mark is missing at the end: {text}.',
    ru: 'Не хватает закрывающей кавычки: {text}.',
    advice: 'correct',
  },
  'rdata.quoted': {
    en: 'The {field} of a record of type {type} must be written without quotation marks: {value}.',
    ru: 'Поле {field} записи типа {type} нужно писать без кавычек: {value}.',
    advice: 'correct',
  },
  'rdata.unquoted': {
    en: 'The {field} of a record of type {type} must be written in quotation marks: {value}.',
    ru: 'Поле {field} записи типа {type} нужно писать в кавычках: {value}.',
    advice: 'correct',
  },
  'rdata.too-long': {
    en: 'The data of a record of type {type} are too long ({value} octets).',
    ru: 'Данные записи типа {type} слишком длинные ({value} октетов).',
    advice: 'correct',
  },
  'rdata.string-too-long': {
    en: 'The {field} of a record of type {type} is longer than 255 octets ({value}).',
    ru: 'Поле {field} записи типа {type} длиннее 255 октетов ({value}).',
    advice: 'correct',
  },
  'rdata.bad-length': {
    en: 'The {field} of a record of type {type} does not have the length that its type needs.',
    ru: 'Поле {field} записи типа {type} не той длины, которой требует его тип.',
    advice: 'correct',
  },
  'rdata.bad-regexp': {
    en: 'The {field} of a record of type {type} is not a substitution such as !from!to!: {value}.',
    ru: 'В поле {field} записи типа {type} нужна замена вида !что!чем!: {value}.',
    advice: 'correct',
  },
  'rdata.bad-eui': {
    en: '{value} is not an address of a network interface: pairs of hexadecimal digits with hyphens.',
    ru: '{value} — не адрес сетевого интерфейса: нужны пары шестнадцатеричных цифр через дефис.',
    advice: 'correct',
  },
  'rdata.bad-hex-digits': {
    en: 'The {field} of a record of type {type} must be written in pairs of hexadecimal digits: {value}.',
    ru: 'В поле {field} записи типа {type} нужны пары шестнадцатеричных цифр: {value}.',
    advice: 'correct',
  },
  'rdata.bad-base64': {
    en: 'The {field} of a record of type {type} must be written in base64: {value}.',
    ru: 'В поле {field} записи типа {type} нужно значение в base64: {value}.',
    advice: 'correct',
  },
  'rdata.bad-base32': {
    en: 'The {field} of a record of type {type} must be written in base32: {value}.',
    ru: 'В поле {field} записи типа {type} нужно значение в base32: {value}.',
    advice: 'correct',
  },
  'rdata.bad-type': {
    en: 'The {field} of a record of type {type} names a record type that is not known: {value}.',
    ru: 'В поле {field} записи типа {type} назван неизвестный тип записи: {value}.',
    advice: 'correct',
  },
  'rdata.bad-location': {
    en: '{value} is not a location such as 51 30 12.748 N 0 7 39.611 W 0.00m.',
    ru: '{value} — не координаты вида 51 30 12.748 N 0 7 39.611 W 0.00m.',
    advice: 'correct',
  },
  'rdata.bad-gateway': {
    en: 'The gateway {value} of a record of type {type} does not fit its gateway type.',
    ru: 'Шлюз {value} записи типа {type} не соответствует типу шлюза.',
    advice: 'correct',
  },
  'rdata.bad-parameter': {
    en: 'The parameter {value} of a record of type {type} is wrong, or does not fit the others.',
    ru: 'Параметр {value} записи типа {type} неверен или не сочетается с другими.',
    advice: 'correct',
  },
  'rdata.bad-hex': {
    en: 'The data of type {type} in \\# form do not fit their length or type.',
    ru: 'Данные типа {type} в виде \\# не соответствуют длине или типу.',
    advice: 'correct',
  },
  'rdata.not-generic': {
    en: 'Records of type {type} are taken in the form \\# LENGTH HEX only (RFC 3597).',
    ru: 'Записи типа {type} принимаются только в виде \\# ДЛИНА HEX (RFC 3597).',
    advice: 'correct',
  },
  'zone.cname-and-other': {
    en: '{record} cannot stand beside {other}.',
    ru: 'Запись {record} несовместима с {other}.',
    advice: 'correct',
  },
  'zone.single-valued': {
    en: 'There can be only one of {record} and {other}.',
    ru: 'Возможна только одна из записей {record} и {other}.',
    advice: 'correct',
  },
  'wire.bad-name': {
    en: 'A name in wire form is damaged.',
    ru: 'Повреждено имя в двоичной форме.',
    advice: 'correct',
  },
  'wire.bad-field': {
    en: 'The part {field} of a record in wire form is damaged.',
    ru: 'Повреждена часть {field} записи в двоичной форме.',
    advice: 'correct',
  },
  'wire.too-short': { en: 'Record data are cut off.', ru: 'Данные записи обрываются.', advice: 'correct' },
  'wire.too-long': {
    en: 'Data of type {type} are too long.',
    ru: 'Данные типа {type} слишком длинные.',
    advice: 'correct',
  },
  'record.bad-ttl': {
    en: '{ttl} is not a TTL: it must be a whole number of seconds from 0 to 2147483647.',
    ru: '{ttl} — не TTL: нужно целое число секунд от 0 до 2147483647.',
    advice: 'correct',
  },
  'record.unknown-key': {
    en: 'This record is not known to domainsync yet. Reload the list and try again in a few seconds.',
    ru: 'Эта запись ещё не известна domainsync. Обновите список и повторите попытку через несколько секунд.',
  },
  'call.unclear': {
    en: 'The request can be read in more than one way ({parameter}): what the panel would save is not certain. Send every parameter once, without special characters; a form that is only opened carries no "sok".',
    ru: 'Запрос можно прочитать по-разному ({parameter}): непонятно, что сохранила бы панель. Передайте каждый параметр один раз и без служебных символов; чтобы только открыть форму, не передавайте «sok».',
  },
  'call.too-large': {
    en: 'The request is too large to be mirrored. Send it in smaller parts, fewer elements at a time.',
    ru: 'Запрос слишком велик, чтобы повторить его на центральном DNS. Разбейте его на части: меньше элементов за раз.',
  },
  'record.too-many-keys': {
    en: 'The list of records is too long to be split into records. Delete fewer records at a time, then try again with the rest.',
    ru: 'Список записей слишком длинный, чтобы его разобрать. Удалите часть записей, затем повторите попытку с остальными.',
  },
  'record.ambiguous-keys': {
    en: 'The list of records can be read in more than one way. Delete these records one by one.',
    ru: 'Список записей можно прочитать по-разному. Удалите эти записи по одной.',
  },
} as const satisfies Readonly<Record<string, Entry>>;
