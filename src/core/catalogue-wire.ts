import type { Entry } from './catalogue-entry.ts';

/** Texts of the codes of `src/dns/wire`: problems of DNS messages and their signatures. */
export const wireTexts = {
  'wire.cut': { en: 'A DNS message is cut off.', ru: 'Сообщение DNS обрывается.' },
  'wire.left-over': {
    en: 'A DNS message has octets after its end.',
    ru: 'После конца сообщения DNS есть лишние октеты.',
  },
  'wire.bad-pointer': {
    en: 'A compressed name in a DNS message leads nowhere.',
    ru: 'Сжатое имя в сообщении DNS никуда не ведёт.',
  },
  'wire.misplaced': {
    en: 'A DNS message has a {type} record where none may stand.',
    ru: 'В сообщении DNS запись {type} стоит не на своём месте.',
  },
  'wire.message-too-big': {
    en: 'A DNS message would be longer than 65,535 octets.',
    ru: 'Сообщение DNS получилось бы длиннее 65 535 октетов.',
  },
  'tsig.bad-algorithm': {
    en: 'There is no TSIG algorithm {algorithm}; use hmac-sha256, or what the server has for the key.',
    ru: 'Алгоритма TSIG {algorithm} нет; укажите hmac-sha256 или тот, что задан для ключа на сервере.',
  },
  'tsig.bad-secret': {
    en: 'The secret of the TSIG key is not base64.',
    ru: 'Секрет ключа TSIG записан не в base64.',
  },
  'tsig.empty-secret': { en: 'The secret of the TSIG key is empty.', ru: 'Секрет ключа TSIG пуст.' },
  'tsig.missing': {
    en: 'The answer of the name server is not signed, although the request was.',
    ru: 'Ответ сервера имён не подписан, хотя запрос был подписан.',
  },
  'tsig.other-key': {
    en: 'The answer of the name server is signed with another key than the request.',
    ru: 'Ответ сервера имён подписан не тем ключом, что запрос.',
  },
  'tsig.truncated': {
    en: 'The answer of the name server has a shortened signature.',
    ru: 'Подпись в ответе сервера имён укорочена.',
  },
  'tsig.wrong-mac': {
    en: 'The signature of the name server’s answer is wrong.',
    ru: 'Подпись ответа сервера имён неверна.',
  },
  'tsig.old': {
    en: 'The signature of the name server’s answer is too old or from the future; compare the clocks.',
    ru: 'Подпись ответа сервера имён устарела или сделана в будущем; сверьте часы.',
  },
  'tsig.bad-key': {
    en: 'The name server does not know the TSIG key, not with this algorithm, or does not allow it here.',
    ru: 'Сервер имён не знает ключа TSIG, не принимает его с этим алгоритмом или не разрешает его здесь.',
  },
  'tsig.bad-signature': {
    en: 'The name server takes the signature for wrong: the secret of the TSIG key is not the same on both sides.',
    ru: 'Сервер имён считает подпись неверной: секреты ключа TSIG на двух сторонах не совпадают.',
  },
  'tsig.bad-time': {
    en: 'The clocks here and at the name server differ by more than five minutes.',
    ru: 'Часы здесь и на сервере имён расходятся больше чем на пять минут.',
  },
  'tsig.refused': {
    en: 'The name server refuses the signature (TSIG error {error}).',
    ru: 'Сервер имён не принял подпись (ошибка TSIG {error}).',
  },
} satisfies Record<string, Entry>;
