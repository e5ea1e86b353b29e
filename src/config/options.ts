/**
 * Defines every option of the settings file in one place. Reading, checks, defaults, the fields of the
 * settings form, docs/settings.md and docs/settings.schema.json all use it.
 */
import * as v from 'valibot';
import { centralKinds } from '../centrals/registry.ts';
import { notify } from './notify-options.ts';
import {
  choiceOption,
  listOption,
  numberOption,
  secretOption,
  serverOption,
  serversOption,
  textOption,
} from './option.ts';
import { optionsOf, type Option } from './option-table.ts';

const connection = v.object({
  host: textOption(
    'Address of the central: host, host:port or https:// address. Empty: nothing is configured.',
    'Адрес центрального DNS: узел, узел:порт или адрес https://. Пусто: ничего не настроено.',
    {
      name: 'host',
      label: { en: 'Central DNS', ru: 'Центральный DNS' },
      hint: {
        en: "Address of the provider's panel or name server: dns.example.net, with a port if needed, or the whole https:// address",
        ru: 'Адрес панели или сервера имён провайдера: dns.example.net, при необходимости с портом, или полный адрес https://',
      },
      required: true,
    },
  ),
  kind: choiceOption(
    ['auto', ...centralKinds],
    'What the central is. `auto`: a panel, found out and remembered. `ispmanager6` is version 5 as well, `dnsmanager` 5 and 6, `rfc2136` BIND and Knot, `gateway` a gateway of the provider ([centrals.md](centrals.md)).',
    'Вид центрального DNS. `auto` — панель: какая именно, определяется само и запоминается. `ispmanager6` — также версия 5, `dnsmanager` — 5 и 6, `rfc2136` — BIND и Knot, `gateway` — шлюз провайдера ([centrals.md](centrals.md)).',
    {
      name: 'kind',
      label: { en: 'Kind of central', ru: 'Вид центрального DNS' },
      hint: {
        en: 'A panel: leave as it is, domainsync finds out which. A name server: choose it',
        ru: 'Если это панель, не меняйте: domainsync определит её сам. Если сервер имён, выберите его',
      },
      most: null,
    },
  ),
  username: textOption(
    'Account at the central. PowerDNS: the account that its zones are marked with. `rfc2136`: name of the TSIG key.',
    'Учётная запись на центральном DNS. PowerDNS: учётная запись, которой помечены зоны. `rfc2136`: имя ключа TSIG.',
    {
      name: 'username',
      label: { en: 'User name', ru: 'Имя пользователя' },
      hint: {
        en: 'Of your account at the central DNS; for BIND and Knot the name of the TSIG key',
        ru: 'Учётная запись на центральном DNS; для BIND и Knot — имя ключа TSIG',
      },
      required: true,
    },
  ),
  password: secretOption(
    'Its password. PowerDNS: the API key. `rfc2136`: the secret of the TSIG key.',
    'Пароль. PowerDNS: ключ API. `rfc2136`: секрет ключа TSIG.',
    {
      name: 'password',
      label: { en: 'Password', ru: 'Пароль' },
      hint: {
        en: 'Leave empty to keep the stored one. PowerDNS: the API key; BIND and Knot: the secret of the TSIG key',
        ru: 'Оставьте пустым, чтобы не менять сохранённый. PowerDNS: ключ API; BIND и Knot: секрет ключа TSIG',
      },
      most: 1024,
    },
  ),
  password_file: textOption(
    'File that holds the password, instead of `password`: an absolute path, or the name of a systemd credential ([operations.md](operations.md#a-secret-in-a-file)).',
    'Файл с паролем вместо `password`: полный путь или имя учётных данных systemd ([operations.ru.md](operations.ru.md#секрет-в-отдельном-файле)).',
  ),
  password_next: secretOption(
    'Password that takes the place of `password` when the central refuses that one: to change it without a refused edit ([operations.md](operations.md#change-a-password)).',
    'Пароль, который начинает действовать, когда центральный DNS отклоняет `password`: для смены пароля без отказов ([operations.ru.md](operations.ru.md#смена-пароля)).',
  ),
  password_next_file: textOption(
    'File that holds `password_next`, as `password_file` does.',
    'Файл с `password_next`, как в `password_file`.',
  ),
  fingerprint: textOption(
    'SHA-256 fingerprint of the only certificate to trust, for a self-signed one.',
    'Отпечаток SHA-256 самоподписанного сертификата. Доверие — только этому сертификату.',
    {
      name: 'fingerprint',
      label: { en: 'Certificate (SHA-256)', ru: 'Сертификат (SHA-256)' },
      hint: {
        en: 'Only needed when the certificate is not signed by a known authority; shown after OK',
        ru: 'Нужен, только если сертификат не подписан известным центром; появится после нажатия OK',
      },
      most: 95,
      readonly: true,
    },
  ),
  ca_file: textOption(
    'File with the certificate authority to trust instead of the public ones.',
    'Файл центра сертификации, которому доверять вместо общеизвестных.',
  ),
  login: choiceOption(
    ['authinfo', 'session'],
    'How to log in at a panel. `authinfo`: name and password with every call. `session`: once, renewed by itself.',
    'Как входить в панель. `authinfo` — имя и пароль при каждом вызове, `session` — один раз, сеанс возобновляется сам.',
  ),
  algorithm: choiceOption(
    ['hmac-sha256', 'hmac-sha384', 'hmac-sha512', 'hmac-sha1', 'hmac-md5'],
    '`rfc2136`: algorithm of the TSIG key. The last two are weak: only where the server has no better.',
    '`rfc2136`: алгоритм ключа TSIG. Два последних слабые: только если сервер не умеет других.',
  ),
  transport: choiceOption(
    ['tcp', 'tls', 'udp'],
    '`rfc2136`: how to talk to the name server. `tls`: port 853, the certificate is checked as for https.',
    '`rfc2136`: как обращаться к серверу имён. `tls` — порт 853, сертификат проверяется, как для https.',
  ),
  axfr: choiceOption(
    ['no', 'yes'],
    '`rfc2136`: whether comparisons may read whole zones by zone transfer.',
    '`rfc2136`: можно ли при сравнении читать зоны целиком передачей зоны.',
  ),
  nameservers: listOption(
    'PowerDNS: name servers of new zones, with commas between. Empty: those the panel gives the zone. Other centrals: only for the warnings of `[delegation]`.',
    'PowerDNS: серверы имён новых зон через запятую. Пусто: те, что зоне даёт панель. У других центральных DNS — только для предупреждений `[delegation]`.',
  ),
  zone_kind: choiceOption(['native', 'master'], 'PowerDNS: kind of new zones.', 'PowerDNS: вид новых зон.'),
  native_serials: choiceOption(
    ['no', 'yes'],
    'PowerDNS: whether everybody who changes a zone of kind `native` also raises its serial, as the API does. Then the hourly comparison leaves out such zones while their serials stay ([centrals.md](centrals.md#what-to-know)).',
    'PowerDNS: повышает ли серийный номер зоны вида `native` каждый, кто её меняет, как это делает API. Тогда ежечасное сравнение пропускает такие зоны, пока их номера не изменились ([centrals.md](centrals.md#what-to-know)).',
  ),
});

const verify = v.object({
  servers: serversOption(
    'Name servers that are asked until they serve an edit: `address`, `address:port`, `[IPv6]:port` or names. Empty: none.',
    'Серверы имён, которые опрашиваются, пока не отдадут новые данные: `адрес`, `адрес:порт`, `[IPv6]:порт` или имена. Пусто: никакие.',
  ),
  mode: choiceOption(
    ['background', 'strict'],
    '`strict`: an edit is refused if the name servers do not serve it in time. `background`: `domainsync status` shows it.',
    '`strict` — изменение отклоняется, если серверы имён вовремя не отдали новые данные, `background` — о задержке сообщает `domainsync status`.',
  ),
  limit: numberOption(
    'seconds',
    { fallback: 60, least: 1, most: 86_400 },
    'How long the name servers may take in the background.',
    'Сколько времени есть у серверов имён в фоновом режиме, чтобы отдать новые данные.',
  ),
});

const delegation = v.object({
  resolvers: serversOption(
    'Resolvers that `plan` and `push` ask where zones are delegated to in public, so that they can warn ([planning.md](planning.md#is-the-zone-delegated-here)). Tried in this order; written as in `[verify] servers`. Empty: nobody is asked.',
    'Рекурсивные серверы (резолверы), у которых `plan` и `push` узнают, кому делегированы зоны, чтобы предупредить ([planning.md](planning.md#is-the-zone-delegated-here)). Опрашиваются по порядку, запись как в `[verify] servers`. Пусто: никакие.',
  ),
});

const log = v.object({
  level: numberOption(
    'level',
    { fallback: 4, least: 1, most: 9 },
    'From 1 (errors) to 9 (everything).',
    'От 1 (ошибки) до 9 (всё).',
  ),
  format: choiceOption(
    ['text', 'json'],
    'One line of words per event, or one JSON object.',
    'Строка текста на событие или один объект JSON.',
  ),
});

const sync = v.object({
  mode: choiceOption(
    ['strict', 'observe'],
    '`strict`: edits are carried out at the central too, or refused. `observe`: nothing is refused or written; `domainsync history --outcome observed` shows what would have been done ([adoption.md](adoption.md#observe-first)).',
    '`strict` — изменения выполняются и на центральном DNS или отклоняются. `observe` — ничего не отклоняется и не записывается; что было бы сделано, показывает `domainsync history --outcome observed` ([adoption.md](adoption.md#observe-first)).',
    {
      name: 'mode',
      label: { en: 'Mode', ru: 'Режим' },
      hint: {
        en: 'Observe: every change stays in this panel, and domainsync only notes what it would have done',
        ru: 'Наблюдение: все изменения остаются в этой панели, domainsync только отмечает, что он бы сделал',
      },
      most: null,
    },
  ),
  deadline: numberOption(
    'seconds',
    { fallback: 10, least: 2, most: 60 },
    'Longest time one edit may take in the panel, from the start of its hook. More than 14 s count as 14, because the hook gives up then.',
    'Сколько может занять одно изменение, считая от запуска обработчика, прежде чем оно отклоняется. Больше 14 с не учитывается: дольше обработчик не ждёт.',
  ),
  after_wait: numberOption(
    'seconds',
    { fallback: 5, least: 1, most: 600 },
    'After this time without word from the panel we read whether it kept an edit.',
    'Через это время без ответа панели проверяется, сохранила ли она изменение.',
  ),
  read_gap: numberOption(
    'seconds',
    { fallback: 5, least: 1, most: 600 },
    'Time between the two reads that must agree before anything is undone.',
    'Промежуток между двумя чтениями, которые должны совпасть, прежде чем что-либо отменяется.',
  ),
  read_lag: numberOption(
    'seconds',
    { fallback: 90, least: 0, most: 3_600 },
    'How far reads of the panel may lag behind what it has. Until then, an edit that it reported as made is not undone because reads do not show it, unless they show something newer.',
    'Насколько чтение панели может отставать от её настоящих данных. До этого срока изменение, о котором панель сообщила, не отменяется из-за того, что его ещё не видно, — если только не видно чего-то более нового.',
  ),
  grace: numberOption(
    'seconds',
    { fallback: 30, least: 1, most: 600 },
    'Nothing is undone this soon after a start.',
    'Сколько времени после запуска ничего не отменяется.',
  ),
  watch: numberOption(
    'seconds',
    { fallback: 600, least: 0, most: 86_400 },
    'How long a write of unknown outcome may still land at the central.',
    'Как долго проверять, не выполнится ли с опозданием запрос, исход которого неизвестен.',
  ),
  compare_every: numberOption(
    'seconds',
    { fallback: 3_600, least: 0, most: 604_800 },
    'How often everything is compared. Zones whose serials at both sides have not moved are left out, but no longer than a day. 0: only when something points to it.',
    'Как часто сравниваются все зоны. Зоны, серийные номера которых с обеих сторон не изменились, пропускаются, но не дольше суток. 0 — только когда есть повод.',
  ),
  serials_every: numberOption(
    'seconds',
    { fallback: 5, least: 0, most: 3_600 },
    'How often the serials of the zones are read at the panel’s own name server. A change that the panel did not report, such as the text of a certificate check, is then at the central within seconds. With more than 500 zones: never. 0: never, and comparisons do not use serials either.',
    'Как часто у сервера имён самой панели читаются серийные номера зон. Изменение, о котором панель не сообщила (например, запись для проверки сертификата), тогда попадает на центральный DNS за секунды. Если зон больше 500 — никогда. При значении 0 — никогда, и сравнения тоже не учитывают серийные номера.',
  ),
  serials_from: serverOption(
    '127.0.0.1',
    'The panel’s own name server: `address` or `address:port`. Only answers with authority count.',
    'Сервер имён самой панели: `адрес` или `адрес:порт`. Учитываются только авторитетные ответы.',
  ),
  owner_check: choiceOption(
    ['on', 'off'],
    '`on`: a plain user has only his own zones changed at the central before the panel has accepted the edit. `off`: the panel is known to check that before it calls a handler ([operations.md](operations.md#who-may-change-a-zone)).',
    '`on` — до решения панели на центральном DNS меняются только зоны самого пользователя. `off` — только если панель проверяет права до вызова обработчиков ([operations.ru.md](operations.ru.md#кто-может-менять-зону)).',
  ),
});

const limits = v.object({
  records: numberOption(
    'count',
    { fallback: 5, least: 1, most: 1_000_000 },
    'So many records that a comparison finds gone from one zone of the panel are only listed, not removed at the central. The same holds for all records of a zone, however few ([adoption.md](adoption.md), case 24).',
    'Если сравнение не находит в панели столько записей одной зоны, они только показываются, а на центральном DNS не удаляются. Так же и со всеми записями зоны, сколько бы их ни было ([adoption.md](adoption.md), случай 24).',
  ),
  share: numberOption(
    'percent',
    { fallback: 30, least: 1, most: 100 },
    'Largest part of the records of a large zone that a comparison removes. `push`, `pull` and `apply` remove more only with `--force-once`.',
    'Какую часть записей большой зоны может удалить сравнение. Команды `push`, `pull` и `apply` удаляют больше только с `--force-once`.',
  ),
  large_zone: numberOption(
    'count',
    { fallback: 10, least: 1, most: 1_000_000 },
    'From so many records on, a zone is large.',
    'Зона считается большой, если записей не меньше.',
  ),
  zone_share: numberOption(
    'percent',
    { fallback: 1, least: 1, most: 100 },
    'Largest part of all zones that is deleted at the central within an hour; one always may be. Zones that users delete in the DNS forms do not count.',
    'Какую часть всех зон можно удалить на центральном DNS за час; одну — всегда. Зоны, которые пользователи удаляют в формах DNS, не считаются.',
  ),
  zones: numberOption(
    'count',
    { fallback: 20, least: 1, most: 1_000 },
    'So many zones within an hour at most, however many there are.',
    'Но не больше стольких зон за час, сколько бы их ни было.',
  ),
});

const history = v.object({
  keep: numberOption(
    'days',
    { fallback: 180, least: 1, most: 36_500 },
    'How long operations that have ended are kept in the journal.',
    'Сколько дней завершённые операции хранятся в журнале.',
  ),
  person: numberOption(
    'days',
    { fallback: 30, least: 1, most: 36_500 },
    'How long the history keeps who made an edit: account and address. The edit itself stays for `keep`.',
    'Сколько дней в истории хранится, кто сделал изменение: учётная запись и адрес. Само изменение хранится `keep` дней.',
  ),
  most: numberOption(
    'MiB',
    { fallback: 100, least: 1, most: 1_048_576 },
    'Size of ended operations in the journal above which older ones are dropped sooner.',
    'Объём завершённых операций в журнале, при котором старые удаляются раньше.',
  ),
});

const status = v.object({
  conflicts: numberOption(
    'count',
    { fallback: 10, least: 0, most: 1_000_000 },
    'So many records may differ between panel and central before `domainsync status` calls for an administrator. Edits of such records stay in the panel. A few are usual: what a provider set up otherwise on purpose.',
    'Сколько записей могут различаться на двух сторонах, прежде чем `domainsync status` потребует внимания. Изменения таких записей остаются в панели. Несколько — обычное дело: провайдер мог нарочно сделать иначе.',
  ),
});

const contact = v.object({
  support: textOption(
    'Whom a user should ask; shown with every refusal.',
    'К кому обращаться пользователю; показывается при каждом отказе.',
    {
      name: 'contact',
      label: { en: 'Support contact', ru: 'Контакт поддержки' },
      hint: {
        en: 'Shown to users with every refusal, e.g. a telephone number or an address',
        ru: 'Показывается пользователям при каждом отказе: телефон или адрес',
      },
    },
  ),
});

/**
 * The schema of one central's settings, by section and option. It turns the texts of the file into values.
 */
export const settingsSchema = v.object({
  isp_master: connection,
  verify,
  delegation,
  log,
  sync,
  limits,
  history,
  status,
  contact,
  notify,
});

/** The values of all options of one central. */
export type OptionValues = v.InferOutput<typeof settingsSchema>;

/** All options, in the order in which the documentation lists them. */
export const options: readonly Option[] = optionsOf(settingsSchema);
