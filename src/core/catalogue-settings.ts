import type { Entry } from './catalogue-entry.ts';

/** Texts of problems with the settings and the installation. Administrators read them. */
export const settingsTexts = {
  'settings.unreadable': {
    en: 'The settings file {path} cannot be read.',
    ru: 'Файл настроек {path} не читается.',
  },
  'settings.too-large': {
    en: 'The settings file {path} is larger than {most} KiB and is not read.',
    ru: 'Файл настроек {path} больше {most} КиБ и не читается.',
  },
  'settings.no-section': {
    en: '{path}, line {line}: there is no [section] above this line.',
    ru: '{path}, строка {line}: выше этой строки нет [раздела].',
  },
  'settings.not-an-option': {
    en: '{path}, line {line}: this is neither a [section] nor "option = value".',
    ru: '{path}, строка {line}: это не [раздел] и не «параметр = значение».',
  },
  'settings.duplicate': {
    en: '{path}, line {line}: this option has a value already.',
    ru: '{path}, строка {line}: параметр уже задан выше.',
  },
  'settings.same-central': {
    en: '{path}, line {line}: [{section}] names the same account as [{other}]. A central has one section.',
    ru: '{path}, строка {line}: в [{section}] указана та же учётная запись, что и в [{other}]. Для одного центрального DNS нужен один раздел.',
  },
  'settings.nameservers-needed': {
    en: "The option nameservers in [{section}] is missing: the zones of this panel have no NS records at their apex, and PowerDNS puts none into a new zone. Name the provider's name servers.",
    ru: 'В [{section}] не задан параметр nameservers: в зонах этой панели нет записей NS для самого домена, а PowerDNS не добавляет их в новую зону. Укажите серверы имён провайдера.',
  },
  'powerdns.no-flush': {
    en: 'The caches of PowerDNS cannot be emptied after an edit ({text}). Some clients may get the old answer for up to 20 seconds.',
    ru: 'Кэш PowerDNS нельзя очистить после изменения ({text}). Часть клиентов может до 20 секунд получать старый ответ.',
  },
  'powerdns.zone-without-ns': {
    en: 'At the central DNS these domains have no NS records of their own: {zones}. Many resolvers do not find them.',
    ru: 'На центральном DNS у этих доменов нет собственных записей NS: {zones}. Многие резолверы их не находят.',
  },
  'powerdns.not-all-zones': {
    en: 'At the central DNS {looked} of {zones} domains were checked: the others would have taken too long.',
    ru: 'На центральном DNS проверено доменов: {looked} из {zones}. Остальные заняли бы слишком много времени.',
  },
  'settings.missing': {
    en: '{path}: the option {option} is missing.',
    ru: '{path}: не задан параметр {option}.',
  },
  'settings.bad-number': {
    en: '{path}, line {line}: {option} must be a whole number from {least} to {most}.',
    ru: '{path}, строка {line}: {option} должен быть целым числом от {least} до {most}.',
  },
  'settings.bad-choice': {
    en: '{path}, line {line}: {option} must be one of {choices}.',
    ru: '{path}, строка {line}: допустимые значения {option}: {choices}.',
  },
  'settings.bad-webhook': {
    en: '{path}, line {line}: {option} must be a whole https:// URL without a user name; http:// only with a loopback address such as 127.0.0.1.',
    ru: '{path}, строка {line}: {option} должен быть полным URL https:// без имени пользователя; http:// — только с адресом самого сервера, например 127.0.0.1.',
  },
  'settings.bad-networks': {
    en: '{path}, line {line}: {option} must be IP addresses or networks such as 10.1.2.3, 192.168.0.0/16.',
    ru: '{path}, строка {line}: {option} — это адреса IP или сети, например 10.1.2.3, 192.168.0.0/16.',
  },
  'settings.bad-mailbox': {
    en: '{path}, line {line}: {option} must be a plain mail address such as dns@example.net, without a name.',
    ru: '{path}, строка {line}: {option} — это адрес почты вида dns@example.net, без имени.',
  },
  'settings.bad-mailboxes': {
    en: '{path}, line {line}: {option} must be plain mail addresses such as dns@example.net, without names, at most 20.',
    ru: '{path}, строка {line}: {option} — это адреса почты вида dns@example.net, без имён, не больше 20.',
  },
  'settings.bad-program': {
    en: '{path}, line {line}: {option} must be the absolute path of a program, of letters, digits and "_.+-" only.',
    ru: '{path}, строка {line}: {option} — это полный путь к программе, только из букв, цифр и «_.+-».',
  },
  'settings.short-secret': {
    en: '{path}, line {line}: {option} must have at least {least} characters.',
    ru: '{path}, строка {line}: {option} должен содержать не меньше {least} знаков.',
  },
  'settings.next-password': {
    en: 'The next password is in use: the central DNS refuses the first one. Put the value of password_next in place of password, then take password_next out.',
    ru: 'Действует следующий пароль: первый центральный DNS отклоняет. Перенесите значение password_next в password и уберите password_next.',
  },
  'settings.secret-twice': {
    en: '{path}, line {line}: {option} and {other} are both given. Keep one of them.',
    ru: '{path}, строка {line}: заданы и {option}, и {other}. Оставьте что-то одно.',
  },
  'settings.bad-secret-file': {
    en: '{path}, line {line}: {option} must be an absolute path, or the name of a systemd credential without "/".',
    ru: '{path}, строка {line}: {option} — это полный путь к файлу или имя учётных данных systemd, без «/».',
  },
  'settings.no-credential': {
    en: '{path}, line {line}: {option} names the systemd credential {file}, but credentials can be read only while the agent runs as a service of systemd. Start that service, or give the absolute path of a file.',
    ru: '{path}, строка {line}: в {option} указаны учётные данные systemd {file}, но они доступны, только пока агент работает как служба systemd. Запустите эту службу или укажите полный путь к файлу.',
  },
  'settings.no-secret-file': {
    en: '{path}, line {line}: the file {file} of {option} does not exist. Create it, or correct the path.',
    ru: '{path}, строка {line}: файла {file} из {option} нет. Создайте его или исправьте путь.',
  },
  'settings.secret-unreadable': {
    en: '{path}, line {line}: the file {file} of {option} cannot be read ({text}).',
    ru: '{path}, строка {line}: файл {file} из {option} не читается ({text}).',
  },
  'settings.secret-no-file': {
    en: '{path}, line {line}: {file} of {option} is not a regular file.',
    ru: '{path}, строка {line}: {file} из {option} — не обычный файл.',
  },
  'settings.secret-exposed': {
    en: '{path}, line {line}: the file {file} of {option} may be read or changed by other users (mode {mode}, owner {owner}), so it is not used. Run "chown root {file}; chmod 600 {file}", and replace the secret if others may have seen it.',
    ru: '{path}, строка {line}: файл {file} из {option} доступен другим пользователям (права {mode}, владелец {owner}), поэтому не используется. Выполните «chown root {file}; chmod 600 {file}»; если секрет могли увидеть, замените его.',
  },
  'settings.secret-too-large': {
    en: '{path}, line {line}: the file {file} of {option} is larger than {most} octets. It must hold the secret and nothing else.',
    ru: '{path}, строка {line}: файл {file} из {option} больше {most} байт. В нём должен быть только сам секрет.',
  },
  'settings.secret-empty': {
    en: '{path}, line {line}: the file {file} of {option} is empty.',
    ru: '{path}, строка {line}: файл {file} из {option} пуст.',
  },
  'settings.secret-not-a-line': {
    en: '{path}, line {line}: the file {file} of {option} must hold one line of text in UTF-8, without control characters.',
    ru: '{path}, строка {line}: в файле {file} из {option} должна быть одна строка текста в UTF-8, без управляющих символов.',
  },
  'settings.http-refused': {
    en: '{path}, line {line}: {option} must not be http:// - name and password would travel unencrypted. Use https://.',
    ru: '{path}, строка {line}: {option} не может быть http:// — имя и пароль передавались бы открыто. Укажите https://.',
  },
  'settings.bad-address': {
    en: '{path}, line {line}: {option} is not an address such as dns.example.net, https://dns.example.net:1500/ispmgr, or (of a name server) ns1.example.net:53.',
    ru: '{path}, строка {line}: {option} — не адрес вида dns.example.net, https://dns.example.net:1500/ispmgr или (сервера имён) ns1.example.net:53.',
  },
  'settings.credentials-in-address': {
    en: '{path}, line {line}: {option} must not hold a user name or password; they have options of their own.',
    ru: '{path}, строка {line}: {option} не должен содержать имя и пароль; для них есть отдельные параметры.',
  },
  'settings.unknown-option': {
    en: '{path}, line {line}: the option {option} is not known and has no effect.',
    ru: '{path}, строка {line}: параметр {option} неизвестен и не действует.',
  },
  'settings.being-tested': {
    en: 'The settings of domainsync were changed a moment ago and are still being tested.',
    ru: 'Настройки domainsync только что изменены и ещё проверяются.',
    advice: 'retry',
  },
  'settings.not-in-force': {
    en: 'The settings of domainsync cannot be used as they are now. DNS edits are refused until they are corrected.',
    ru: 'Настройки domainsync в таком виде применить нельзя. Пока они не исправлены, изменения DNS отклоняются.',
    advice: 'administrator',
  },
  'settings.ca-unreadable': {
    en: 'The file {path} with the certificate authority cannot be read.',
    ru: 'Файл {path} с сертификатом центра сертификации не читается.',
  },
  'setting.missing': { en: 'The setting {setting} is missing.', ru: 'Не задан параметр {setting}.' },
  'setting.bad-address': {
    en: 'The setting {setting} is not a valid address.',
    ru: 'В параметре {setting} указан недопустимый адрес.',
  },
  'setting.insecure': {
    en: 'The setting {setting} must be an https address.',
    ru: 'В параметре {setting} нужен адрес https.',
  },
  'setting.colon-in-user': {
    en: 'A user name cannot hold a colon ({setting}).',
    ru: 'Имя пользователя не может содержать двоеточие ({setting}).',
  },
  'setting.bad-fingerprint': {
    en: 'The setting {setting} is not a SHA-256 fingerprint (64 hexadecimal digits).',
    ru: 'В параметре {setting} нужен отпечаток SHA-256 (64 шестнадцатеричных знака).',
  },
  'setting.bad-certificate': {
    en: 'The setting {setting} is not a certificate in PEM form.',
    ru: 'В параметре {setting} нужен сертификат в формате PEM.',
  },
  'setting.bad-choice': {
    en: 'The value of the setting {setting} is not one of its choices.',
    ru: 'Недопустимое значение параметра {setting}.',
  },
  'setting.bad-number': {
    en: 'The setting {setting} is not a valid number.',
    ru: 'В параметре {setting} указано недопустимое число.',
  },
  'setting.bad-value': {
    en: 'The setting {setting} is not valid.',
    ru: 'Недопустимое значение параметра {setting}.',
  },
  'form.host-missing': {
    en: 'Enter the address of the central DNS.',
    ru: 'Укажите адрес центрального DNS.',
  },
  'form.user-missing': {
    en: 'Enter the user name of your account at the central DNS.',
    ru: 'Укажите имя пользователя учётной записи на центральном DNS.',
  },
  'form.password-missing': {
    en: 'Enter the password of your account at the central DNS.',
    ru: 'Укажите пароль учётной записи на центральном DNS.',
  },
  'form.password-again': {
    en: 'The address or the user name has changed: enter the password again.',
    ru: 'Изменён адрес или имя пользователя: введите пароль ещё раз.',
  },
  'form.password-in-file': {
    en: 'The password is in the file {file}, which this form does not change. Change it there. To use another address, user name or password here, first take the line password_file out of {path}.',
    ru: 'Пароль хранится в файле {file}, эта форма его не меняет. Измените пароль в самом файле. Чтобы указать здесь другой адрес, имя или пароль, сначала уберите строку password_file из {path}.',
  },
  'form.not-saved': {
    en: 'The settings cannot be written: {text}.',
    ru: 'Настройки не удалось записать: {text}.',
  },
  'form.unfit': {
    en: 'This value cannot be kept in the settings file: no line breaks, no spaces at either end, no ";" after a space, at most 4096 characters.',
    ru: 'Такое значение нельзя сохранить в файле настроек: без переводов строки, без пробелов по краям, без «;» после пробела и не длиннее 4096 символов.',
  },
  'form.untrusted-certificate': {
    en: 'The certificate of the central DNS is not signed by a known authority. It is for {subject}, by {issuer}, valid until {until}, SHA-256 {fingerprint}. Compare the fingerprint with what your provider tells you; to trust exactly this certificate, tick the box, enter the password and press OK again.',
    ru: 'Сертификат центрального DNS не подписан известным центром сертификации. Выдан для {subject}, издатель {issuer}, действует до {until}, SHA-256 {fingerprint}. Сверьте отпечаток с данными провайдера; чтобы доверять именно этому сертификату, поставьте отметку, введите пароль и снова нажмите OK.',
  },
  'form.other-certificate': {
    en: 'The central DNS shows another certificate than the trusted one: for {subject}, by {issuer}, valid until {until}, SHA-256 {fingerprint}. Ask the provider whether it was changed; to trust exactly this certificate, tick the box, enter the password and press OK again.',
    ru: 'Центральный DNS предъявил не тот сертификат, которому вы доверяете: для {subject}, издатель {issuer}, действует до {until}, SHA-256 {fingerprint}. Уточните у провайдера, менялся ли он; чтобы доверять именно этому сертификату, поставьте отметку, введите пароль и снова нажмите OK.',
  },
  'form.admins-only': {
    en: 'Only an administrator may see and change these settings.',
    ru: 'Эти настройки доступны только администратору.',
  },
  'install.no-panel': {
    en: '{path} is not the root of a panel: there is no folder {folder} in it. Give the right one with --root.',
    ru: '{path} — не корень панели: в нём нет каталога {folder}. Укажите нужный каталог через --root.',
  },
  'install.unproved-panel': {
    en: '{path} has the folders of a panel but no {file}, so it may belong to another product. If it is the panel, give it with --root.',
    ru: 'В {path} есть каталоги панели, но нет файла {file}: возможно, там другой продукт. Если это панель, укажите каталог через --root.',
  },
  'install.several-panels': {
    en: 'This server has several panels: {paths}. Say with --root for which one domainsync is meant.',
    ru: 'На этом сервере несколько панелей: {paths}. Укажите через --root, для какой из них domainsync.',
  },
  'install.quote-in-path': {
    en: 'The path {path} contains a quote; domainsync cannot be installed there.',
    ru: 'Путь {path} содержит апостроф; установить туда domainsync нельзя.',
  },
  'install.no-handler-type': {
    en: 'This panel does not use handlers of type {type}; leave --handlers out.',
    ru: 'В этой панели обработчики типа {type} не применяются; не указывайте --handlers.',
  },
  'install.no-release': {
    en: '{path} is missing: this is not a complete release of domainsync.',
    ru: 'Нет файла {path}: это не полный выпуск domainsync.',
  },
  'install.other-release': {
    en: '{path} holds the release {version}, but this program is {own}. Each release installs itself: run {path}/install.',
    ru: 'В {path} лежит выпуск {version}, а эта программа — {own}. Каждый выпуск устанавливает себя сам: запустите {path}/install.',
  },
  'install.no-key': {
    en: 'There is no key in {path}: none was given to "install --key". Give one with --key.',
    ru: 'В файле {path} нет ключа: в install --key его не указывали. Укажите ключ через --key.',
  },
  'install.bad-key': {
    en: '{path} is not a public key of minisign and holds none. Take the file, or the line beginning with RW, from your provider.',
    ru: '{path} — не открытый ключ minisign и не файл с ним. Возьмите у провайдера файл или строку, которая начинается с RW.',
  },
  'install.not-signed': {
    en: '{path}: this release is not signed, and this panel only takes signed ones (etc/domainsync.pub). Take the archive from your provider again.',
    ru: '{path}: этот выпуск не подписан, а на этой панели разрешены только подписанные (etc/domainsync.pub). Загрузите архив у провайдера ещё раз.',
  },
  'install.bad-signature': {
    en: '{path} is not signed with the key that this panel has (etc/domainsync.pub). Do not run this release; ask your provider whether the key has changed.',
    ru: '{path}: подпись сделана не тем ключом, который есть на этой панели (etc/domainsync.pub), или испорчена. Не запускайте этот выпуск; спросите у провайдера, не сменился ли ключ.',
  },
  'install.altered': {
    en: '{path} is missing, or is not the file that was signed. Do not run this release; unpack the archive into an empty folder.',
    ru: '{path}: файла нет, или это не тот файл, который был подписан. Не запускайте этот выпуск; распакуйте архив в пустой каталог.',
  },
  'install.not-writable': {
    en: 'Nothing can be written into {path}. Run this as root, on a file system that is not read-only.',
    ru: 'В каталог {path} нельзя записывать. Запустите установку от root; файловая система не должна быть только для чтения.',
  },
  'install.in-the-way': {
    en: '{path} is in the way: domainsync did not create it. Move it away.',
    ru: '{path} мешает установке: domainsync этого не создавал. Перенесите его в другое место.',
  },
  'install.empty-config': {
    en: 'The settings given name no central DNS (no "host" under [isp_master]). To switch mirroring off use "domainsync pause" or "domainsync uninstall".',
    ru: 'В переданных настройках не указан центральный DNS (нет host в разделе [isp_master]). Чтобы отключить синхронизацию, используйте domainsync pause или domainsync uninstall.',
  },
  'agent.self-test': {
    en: 'An intended error of the self-test. The record is removed again.',
    ru: 'Намеренная ошибка самопроверки. Запись будет удалена.',
  },
  'agent.no-such-central': {
    en: 'The settings in force have no central {number}; see "domainsync status".',
    ru: 'В действующих настройках нет центрального DNS {number}; см. «domainsync status».',
  },
  'agent.no-such-zone': {
    en: 'No zone {zone} is known: neither the panel has it, nor was it ever compared; see "domainsync zones".',
    ru: 'Зона {zone} неизвестна: её нет в панели, и она никогда не сравнивалась. См. «domainsync zones».',
  },
  'pull.moved-on': {
    en: 'Somebody changed these records in the panel meanwhile, so not all of what was approved was written there.',
    ru: 'Тем временем эти записи изменили в панели, поэтому в панель записано не всё, что было согласовано.',
  },
  'plan.one-central': {
    en: 'The panel can be brought to what one central has, and there are several. Nothing was changed. Name one with --central.',
    ru: 'Привести панель можно только к данным одного центрального DNS, а их несколько. Ничего не изменено. Укажите один с помощью --central.',
  },
  'agent.observing': {
    en: 'domainsync only observes ("[sync] mode"), so nothing is changed on either side; see "domainsync status".',
    ru: 'domainsync только наблюдает («[sync] mode»), поэтому ни на одной стороне ничего не меняется; см. «domainsync status».',
  },
  'export.one-central': {
    en: 'There are several centrals. Name one with --central.',
    ru: 'Центральных DNS несколько. Укажите один с помощью --central.',
  },
  'plan.limited': {
    en: 'This would remove {removed} of {all} records of {zone}, more than the safety limits allow. Nothing was changed. If it is wanted, give --force-once with the reason.',
    ru: 'При этом в зоне {zone} будет удалено записей: {removed} из {all} — больше, чем допускают ограничения безопасности. Ничего не изменено. Если так и нужно, добавьте --force-once и причину.',
  },
  'plan.zones-limited': {
    en: 'The zone {zone} was not deleted: as many zones as the safety limits allow were deleted within the last hour. If it is wanted, give --force-once with the reason.',
    ru: 'Зона {zone} не удалена: за последний час удалено столько зон, сколько допускают ограничения безопасности. Если так и нужно, добавьте --force-once и причину.',
  },
  'plan.signed': {
    en: 'The zone {zone} was not deleted: the central DNS signs it (DNSSEC), and while its DS record stands at the registry, many would not reach the domain. Have the DS record removed first, then give --despite-dnssec.',
    ru: 'Зона {zone} не удалена: центральный DNS подписывает её (DNSSEC), и пока у регистратора есть её запись DS, для многих домен будет недоступен. Сначала удалите запись DS, затем добавьте --despite-dnssec.',
  },
  'plan.signed-above': {
    en: 'The zone {zone} was not created: it lies in {parent}, which is signed (DNSSEC) and does not delegate it, so many would not reach it. First add these records to {parent}: {records}. To create it nevertheless, give --despite-dnssec.',
    ru: 'Зона {zone} не создана: она находится внутри {parent}, а та подписана (DNSSEC) и не делегирует её, поэтому для многих она будет недоступна. Сначала добавьте в {parent} записи: {records}. Чтобы всё же создать её, добавьте --despite-dnssec.',
  },
  'agent.not-running': {
    en: 'domainsync is not configured, or its settings are not usable; see "domainsync status".',
    ru: 'domainsync не настроен или настройки непригодны; см. «domainsync status».',
  },
} as const satisfies Readonly<Record<string, Entry>>;
