export type Lang = 'en' | 'ru';

type Text = Readonly<Record<Lang, string>>;

/** All texts of the pages, except those of plugins. */
const TEXTS: Readonly<Record<string, Text>> = {
  add: { en: 'Add', ru: 'Создать' },
  addr: { en: 'Value', ru: 'Значение' },
  available: { en: 'Available', ru: 'Доступна' },
  cancel: { en: 'Cancel', ru: 'Отмена' },
  delete: { en: 'Delete', ru: 'Удалить' },
  descr: { en: 'Description', ru: 'Описание' },
  domain: { en: 'Domain names', ru: 'Доменные имена' },
  'domain.edit': { en: 'Domain name', ru: 'Доменное имя' },
  'domain.sublist': { en: 'Records of', ru: 'Записи домена' },
  'domain.sublist.edit': { en: 'Record', ru: 'Запись' },
  edit: { en: 'Edit', ru: 'Изменить' },
  emaildomain: { en: 'Mail domains', ru: 'Почтовые домены' },
  empty: { en: 'Nothing here yet.', ru: 'Здесь пока пусто.' },
  expired: {
    en: 'The page was out of date; please try again.',
    ru: 'Страница устарела; повторите действие.',
  },
  install: { en: 'Install', ru: 'Установить' },
  installed: { en: 'Installed', ru: 'Установлена' },
  ip: { en: 'IP address', ru: 'IP-адрес' },
  lang: { en: 'Language', ru: 'Язык' },
  level: { en: 'Level', ru: 'Уровень' },
  loginError: { en: 'Wrong user name or password.', ru: 'Неверное имя пользователя или пароль.' },
  logon: { en: 'Log in', ru: 'Вход' },
  logout: { en: 'Log out', ru: 'Выход' },
  name: { en: 'Name', ru: 'Имя' },
  ns: { en: 'Name servers', ru: 'Серверы имён' },
  ok: { en: 'OK', ru: 'OK' },
  owner: { en: 'Owner', ru: 'Владелец' },
  passwd: { en: 'Password', ru: 'Пароль' },
  password: { en: 'Password', ru: 'Пароль' },
  plugin: { en: 'Plugins', ru: 'Плагины' },
  pluginsrc: { en: 'Plugin sources', ru: 'Источники плагинов' },
  'pluginsrc.edit': { en: 'Plugin source', ru: 'Источник плагинов' },
  port: { en: 'Port', ru: 'Порт' },
  prio: { en: 'Priority', ru: 'Приоритет' },
  records: { en: 'Records', ru: 'Записи' },
  sdtype: { en: 'Type', ru: 'Тип' },
  srvset: { en: 'Server settings', ru: 'Настройки сервера' },
  tool: { en: 'Tools', ru: 'Инструменты' },
  type: { en: 'Type', ru: 'Тип' },
  update: { en: 'Update', ru: 'Обновить' },
  url: { en: 'Address', ru: 'Адрес' },
  user: { en: 'Users', ru: 'Пользователи' },
  'user.edit': { en: 'User', ru: 'Пользователь' },
  username: { en: 'User name', ru: 'Имя пользователя' },
  version: { en: 'Version', ru: 'Версия' },
  wght: { en: 'Weight', ru: 'Вес' },
  wwwdomain: { en: 'WWW domains', ru: 'WWW-домены' },
};

/** Returns a text of the pages. If there is none with this name, returns the name. */
export function text(name: string, lang: Lang): string {
  return TEXTS[name]?.[lang] ?? name;
}

export function readLang(value: string | undefined): Lang {
  return value === 'ru' ? 'ru' : 'en';
}
