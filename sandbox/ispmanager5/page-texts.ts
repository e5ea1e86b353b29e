import { text, type Lang } from '../shared/page-texts.ts';

type Text = Readonly<Record<Lang, string>>;

/**
 * Texts of the pages of version 5/6, by name or by `function name`. A text that is missing here is taken from
 * the pages of version 4.
 */
const TEXTS: Readonly<Record<string, Text>> = {
  active: { en: 'Active', ru: 'Активен' },
  add: { en: 'Create', ru: 'Создать' },
  aliases: { en: 'Aliases', ru: 'Псевдонимы' },
  caa_flags: { en: 'Flags', ru: 'Флаги' },
  caa_tag: { en: 'Tag', ru: 'Тег' },
  caa_value_domain: { en: 'Certificate authority', ru: 'Центр сертификации' },
  caa_value_email: { en: 'E-mail for reports', ru: 'E-mail для отчётов' },
  desc_full: { en: 'Description', ru: 'Описание' },
  desc_short: { en: 'Module', ru: 'Модуль' },
  displayname: { en: 'Name', ru: 'Имя' },
  dkim: { en: 'DKIM for the domain', ru: 'DKIM для домена' },
  dmarc: { en: 'DMARC for the mail domain', ru: 'DMARC для почтового домена' },
  dns: { en: 'DNS', ru: 'DNS' },
  domain: { en: 'DNS management', ru: 'Управление DNS' },
  'domain.delete.request': { en: 'Delete domain names', ru: 'Удаление доменных имён' },
  'domain.delete.request name': { en: 'Domain names', ru: 'Доменные имена' },
  'domain.edit name': { en: 'Domain name', ru: 'Имя домена' },
  'domain.edit ip': { en: 'IP addresses', ru: 'IP-адреса' },
  'domain.record': { en: 'DNS records', ru: 'DNS-записи' },
  'domain.record.edit': { en: 'DNS record', ru: 'DNS-запись' },
  'domain.record.edit domain': { en: 'Domain', ru: 'Домен' },
  'domain.record.edit email': { en: 'Administrator e-mail', ru: 'E-mail администратора' },
  ds_algorithm: { en: 'Algorithm', ru: 'Алгоритм' },
  ds_digest: { en: 'Digest', ru: 'Дайджест' },
  ds_digest_type: { en: 'Digest type', ru: 'Тип дайджеста' },
  ds_key_tag: { en: 'Key tag', ru: 'Метка ключа' },
  dtype: { en: 'Type', ru: 'Тип' },
  email: { en: 'E-mail', ru: 'E-mail' },
  emaildomain: { en: 'Mail domains', ru: 'Почтовые домены' },
  'emaildomain.edit': { en: 'Mail domain', ru: 'Почтовый домен' },
  hosting: { en: 'Web and mail', ru: 'Сайты и почта' },
  info: { en: 'Information', ru: 'Информация' },
  ipaddr: { en: 'IP addresses', ru: 'IP-адреса' },
  ipaddrs: { en: 'IP addresses', ru: 'IP-адреса' },
  masterip: { en: 'Master server IP address', ru: 'IP-адрес главного сервера' },
  nothingChosen: { en: 'Select at least one row.', ru: 'Выберите хотя бы одну строку.' },
  plugin: { en: 'Modules', ru: 'Модули' },
  priority: { en: 'Priority', ru: 'Приоритет' },
  question: { en: 'Do you really want to delete?', ru: 'Вы действительно хотите удалить?' },
  rtype: { en: 'Type', ru: 'Тип' },
  settings: { en: 'Settings', ru: 'Настройки' },
  site_aliases: { en: 'Aliases', ru: 'Псевдонимы' },
  site_email: { en: 'Administrator e-mail', ru: 'E-mail администратора' },
  site_ipaddrs: { en: 'IP addresses', ru: 'IP-адреса' },
  site_name: { en: 'Domain name', ru: 'Имя домена' },
  'site.edit': { en: 'Create a site', ru: 'Создание сайта' },
  srvdomain: { en: 'Host', ru: 'Узел' },
  status: { en: 'State', ru: 'Состояние' },
  tlsa_cert_usage: { en: 'Certificate usage', ru: 'Использование сертификата' },
  tlsa_matching_type: { en: 'Matching type', ru: 'Тип соответствия' },
  tlsa_selector: { en: 'Selector', ru: 'Селектор' },
  tlsa_value: { en: 'Hash', ru: 'Хеш' },
  ttl: { en: 'TTL, sec.', ru: 'TTL, с' },
  value: { en: 'Value', ru: 'Значение' },
  webdomain: { en: 'Sites', ru: 'Сайты' },
  'webdomain.edit': { en: 'WWW domain', ru: 'WWW-домен' },
  'webdomain.edit name': { en: 'Domain name', ru: 'Имя домена' },
  weight: { en: 'Weight', ru: 'Вес' },
};

/** A text of the pages. @param func the function whose page needs the text; it may have a text of its own */
export function ispmanager5Text(name: string, lang: Lang, func = ''): string {
  const found = TEXTS[`${func} ${name}`] ?? TEXTS[name];
  return found?.[lang] ?? text(name, lang);
}
