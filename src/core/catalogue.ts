import type { Problem } from '../dns/problem.ts';
import { attentionTexts } from './catalogue-attention.ts';
import { dataTexts } from './catalogue-data.ts';
import type { Entry } from './catalogue-entry.ts';
import { gatewayTexts } from './catalogue-gateway.ts';
import { notifyTexts } from './catalogue-notify.ts';
import { rightsTexts } from './catalogue-rights.ts';
import { settingsTexts } from './catalogue-settings.ts';
import { wireTexts } from './catalogue-wire.ts';

/**
 * Every code that a user may meet. Its text has one or two sentences: the cause, and what the user can do.
 * `describe` adds which side was changed. A code never changes its meaning; a retired code is not used again.
 */
export const catalogue = {
  ...dataTexts,
  ...wireTexts,
  ...gatewayTexts,
  ...settingsTexts,
  ...notifyTexts,
  ...attentionTexts,
  ...rightsTexts,
  'central.unreachable': {
    en: 'The central DNS cannot be reached.',
    ru: 'Центральный DNS недоступен.',
    advice: 'retry',
  },
  'central.clock': {
    en: 'The clocks of this server and of the central DNS are {seconds} s apart, too far for signed requests. The clock has to be set.',
    ru: 'Часы этого сервера и центрального DNS расходятся на {seconds} с — это слишком много для подписанных запросов. Нужно выставить часы.',
    advice: 'administrator',
  },
  'central.certificate': {
    en: 'The certificate of the central DNS is not trusted.',
    ru: 'Сертификат центрального DNS не прошёл проверку.',
    advice: 'administrator',
  },
  'central.certificate-shown': {
    en: 'The certificate of the central DNS is for {subject}, by {issuer}, valid until {until}, SHA-256 {fingerprint}. Ask your provider for the fingerprint and compare; to trust exactly this certificate, write it into the settings file, under [{section}], as "fingerprint = ...".',
    ru: 'Сертификат центрального DNS выдан для {subject}, издатель {issuer}, действует до {until}, SHA-256 {fingerprint}. Узнайте отпечаток у провайдера и сверьте; чтобы доверять именно этому сертификату, впишите его отпечаток в файл настроек, в раздел [{section}]: «fingerprint = ...».',
  },
  'central.login': {
    en: 'The central DNS does not accept the user name or password of the settings.',
    ru: 'Центральный DNS не принимает имя пользователя или пароль из настроек.',
    advice: 'administrator',
  },
  'central.wrong-kind': {
    en: 'The central DNS is of another kind than the settings say ({kind}).',
    ru: 'Центральный DNS другого вида, чем указано в настройках ({kind}).',
    advice: 'administrator',
  },
  'central.login-blocked': {
    en: 'The central DNS refused the login, so nothing is sent to it until the settings are corrected.',
    ru: 'Центральный DNS отклонил вход: пока настройки не исправлены, ему ничего не передаётся.',
    advice: 'administrator',
  },
  'central.breaker-open': {
    en: 'The central DNS did not answer a moment ago. It is checked every few seconds.',
    ru: 'Центральный DNS только что не отвечал. Он проверяется каждые несколько секунд.',
    advice: 'retry',
  },
  'central.garbled': {
    en: 'The central DNS sent something that is not a valid answer.',
    ru: 'Центральный DNS прислал некорректный ответ.',
    advice: 'retry',
  },
  'central.zone-failing': {
    en: 'The name server has the zone of {name} but cannot serve or change it at the moment ({text}). Try again in a moment; if that does not help, ask the provider.',
    ru: 'Зона с именем {name} на сервере имён есть, но сейчас он не может её отдавать или менять ({text}). Повторите попытку через минуту; если не поможет, обратитесь к провайдеру.',
  },
  'central.query-refused': {
    en: 'The name server has the domain {name} but refuses our queries about it (its setting allow-query). Ask the provider to allow them.',
    ru: 'Домен {name} на сервере имён есть, но наши запросы о нём отклоняются (параметр allow-query). Попросите провайдера разрешить их.',
  },
  'central.list-cut': {
    en: 'The central DNS shows only a part of its list, so its state is not known.',
    ru: 'Центральный DNS показывает список не полностью, его состояние неизвестно.',
    advice: 'support',
  },
  'central.refused': {
    en: 'The central DNS refused: {text}',
    ru: 'Центральный DNS отказал: «{text}».',
    advice: 'support',
  },
  'central.busy': {
    en: 'The central DNS takes no further requests for the moment ({text}).',
    ru: 'Центральный DNS временно не принимает запросы ({text}).',
    advice: 'retry',
  },
  'central.contended': {
    en: 'Somebody else keeps changing the same records at the central DNS.',
    ru: 'Кто-то другой всё время меняет те же записи на центральном DNS.',
    advice: 'retry',
  },
  'central.hidden': {
    en: '{record} lies at or below {cut}, where the name server does not show what it has, so it cannot be changed safely. Ask the provider.',
    ru: 'Запись {record} находится в {cut} или ниже, а там сервер имён не показывает свои записи, поэтому изменить её безопасно нельзя. Обратитесь к провайдеру.',
  },
  'central.dname-off': {
    en: 'The name server would store the DNAME record of {name} and not follow it (its setting dname-processing is off). Ask the provider to turn it on.',
    ru: 'Сервер имён сохранил бы запись DNAME для {name}, но не применял бы её (параметр dname-processing выключен). Попросите провайдера включить его.',
  },
  'central.update-refused': {
    en: 'The name server refused the change: {text}. Either the key may not change such a record, or a rule of the server forbids it: an MX or SRV must lead to a name that has an address, and a host name with an address must not contain "_".',
    ru: 'Сервер имён отклонил изменение: {text}. Либо ключу не разрешено менять такую запись, либо это запрещает правило сервера: MX и SRV должны вести на имя с адресом, а имя узла с адресом не может содержать «_».',
    advice: 'correct',
  },
  'central.left-out': {
    en: 'The name server answered OK but did not change {record}: a rule of its own forbids it. Such rules: no NS or DNAME at a wildcard, no DS without an NS, the last NS of a domain stays.',
    ru: 'Сервер имён ответил «успешно», но запись {record} не изменил: это запрещает его собственное правило. Например: нет NS и DNAME на имени с «*», нет DS там, где нет NS, последняя NS домена остаётся.',
    advice: 'correct',
  },
  'central.ttl-limit': {
    en: 'The name server allows no TTL over {limit} s in this domain (max-zone-ttl), so {record} cannot have {ttl} s.',
    ru: 'Сервер имён не допускает в этом домене TTL больше {limit} с (max-zone-ttl), поэтому для записи {record} нельзя указать {ttl} с.',
    advice: 'correct',
  },
  'central.ds-first': {
    en: 'The delegation of {name} still has a DS record, which is of no use without NS. Delete the DS record first, then try again.',
    ru: 'У делегирования {name} ещё есть запись DS, а без NS она не имеет смысла. Сначала удалите запись DS, затем повторите.',
  },
  'central.limit': {
    en: 'A limit of the account at the central DNS is reached: {text}',
    ru: 'Достигнуто ограничение учётной записи на центральном DNS: «{text}».',
    advice: 'support',
  },
  'central.access-denied': {
    en: 'The central DNS denies access: {text}',
    ru: 'Центральный DNS отказал в доступе: «{text}».',
    advice: 'support',
  },
  'central.invalid-value': {
    en: 'The central DNS does not accept a value: {text}',
    ru: 'Центральный DNS не принимает значение: «{text}».',
    advice: 'correct',
  },
  'central.exists': {
    en: 'The central DNS already has it: {text}',
    ru: 'На центральном DNS это уже есть: «{text}».',
    advice: 'support',
  },
  'central.missing': {
    en: 'The central DNS does not have it: {text}',
    ru: 'На центральном DNS этого нет: «{text}».',
    advice: 'support',
  },
  'central.ambiguous-key': {
    en: 'The central DNS lists other records under the same identifier, so this one cannot be changed there alone: {text}',
    ru: 'На центральном DNS у других записей тот же идентификатор, поэтому отдельно эту запись изменить нельзя: «{text}».',
    advice: 'support',
  },
  'central.no-effect': {
    en: 'The central DNS answered OK but does not show the change.',
    ru: 'Центральный DNS ответил «успешно», но изменение на нём не появилось.',
    advice: 'support',
  },
  'central.not-live': {
    en: 'The central DNS took the change, but its name servers ({servers}) did not serve it in time, so it was undone. Try again in a few minutes.',
    ru: 'Центральный DNS принял изменение, но его серверы имён ({servers}) ещё не отдают новые данные, поэтому оно отменено. Повторите попытку через несколько минут.',
  },
  'central.type-unsupported': {
    en: 'The central DNS cannot hold records of type {type} ({name}).',
    ru: 'Центральный DNS не поддерживает записи типа {type} ({name}).',
    advice: 'correct',
  },
  'central.value-unsupported': {
    en: 'The central DNS cannot hold this value: {record}',
    ru: 'Центральный DNS не может хранить такое значение: {record}',
    advice: 'correct',
  },
  'zone.panel-unread': {
    en: 'The panel cannot be read now, so the records of this zone are not shown. Try again in a moment.',
    ru: 'Прочитать панель сейчас не удаётся, поэтому записи этой зоны не показаны. Повторите попытку через минуту.',
  },
  'zone.foreign': {
    en: 'The domain {zone} belongs to another account at the central DNS, or ours may not change it there. Ask the provider.',
    ru: 'Домен {zone} на центральном DNS принадлежит другой учётной записи, или нашей не разрешено его менять. Обратитесь к провайдеру.',
  },
  'zone.copy': {
    en: 'At the central DNS the domain {zone} is a copy of another server (a slave zone), so its records cannot be edited there. Ask the provider to make it a primary zone.',
    ru: 'На центральном DNS домен {zone} — вторичная зона (копия с другого сервера), её записи там изменить нельзя. Попросите провайдера сделать зону первичной.',
  },
  'zone.create-there-first': {
    en: 'The central DNS has no domain {zone} of this account yet, and only the provider can create it there. Ask the provider to create it there first, then repeat this here.',
    ru: 'На центральном DNS у этой учётной записи домена {zone} ещё нет, создать его там может только провайдер. Попросите провайдера сначала создать домен там, затем повторите здесь.',
  },
  'zone.delete-there': {
    en: 'Only the provider can delete the domain {zone} at the central DNS. Ask the provider.',
    ru: 'Удалить домен {zone} на центральном DNS может только провайдер. Обратитесь к провайдеру.',
  },
  'zone.left-at-central': {
    en: 'The domain {zone} was deleted in the panel; at the central DNS only the provider can delete it. Ask the provider.',
    ru: 'Домен {zone} удалён в панели; на центральном DNS удалить его может только провайдер. Обратитесь к провайдеру.',
  },
  'zone.records-left': {
    en: 'The domain {zone} was created at the central DNS without {count} of its records.',
    ru: 'Домен {zone} создан на центральном DNS, но записей в нём не хватает: {count}.',
    advice: 'support',
  },
  'zone.missing-at-central': {
    en: 'The central DNS no longer has the domain {zone}. Ask the provider.',
    ru: 'На центральном DNS больше нет домена {zone}. Обратитесь к провайдеру.',
  },
  'panel.not-read-yet': {
    en: 'domainsync has only just started and has not read this panel yet. Try again in a few seconds.',
    ru: 'domainsync только что запущен и ещё не прочитал данные этой панели. Повторите попытку через несколько секунд.',
  },
  'zone.baseline-running': {
    en: 'The first comparison with the central DNS is still running. Try again in a minute.',
    ru: 'Первое сравнение с центральным DNS ещё не завершено. Повторите попытку через минуту.',
  },
  'zone.not-known-yet': {
    en: 'The domain {zone} has not been compared with the central DNS yet. Try again in a few seconds.',
    ru: 'Домен {zone} ещё не сверен с центральным DNS. Повторите попытку через несколько секунд.',
  },
  'zone.changed-since-create': {
    en: 'The domain {zone} was created at the central DNS, the panel did not keep it, and others have changed it since.',
    ru: 'Домен {zone} создан на центральном DNS, панель его не сохранила, а затем он был изменён.',
    advice: 'administrator',
  },
  'zone.maybe-ours': {
    en: 'The central DNS has the domain {zone} and the panel has not. domainsync may have created it before it was interrupted, or an operator created it, so it was left as it is. Delete it at the central DNS, or create the domain in the panel: then it synchronises, and can be deleted there.',
    ru: 'Домен {zone} есть на центральном DNS, но не в панели. Его мог создать domainsync, работа которого была прервана, или кто-то вручную, поэтому домен оставлен как есть. Удалите его на центральном DNS либо создайте в панели: тогда он будет синхронизироваться, и его можно будет удалить в ней.',
    advice: 'administrator',
  },
  'zone.create-refused': {
    en: 'The panel made the domain {zone}, and the central DNS then refused it. It was changed in the panel since then, so it stays there and is not at the central DNS. Remove the cause and run "domainsync compare {zone}", or delete the domain in the panel.',
    ru: 'Панель создала домен {zone}, а центральный DNS его затем отклонил. В панели домен с тех пор изменили, поэтому он остаётся в ней, но на центральном DNS его нет. Устраните причину и выполните «domainsync compare {zone}» либо удалите домен в панели.',
    advice: 'administrator',
  },
  'zone.changed-at-central': {
    en: 'The domain {zone} was deleted in the panel, but at the central DNS it holds records that are not ours, so it was left there. Delete it at the central DNS, or create the domain in the panel: then it synchronises, and can be deleted there.',
    ru: 'Домен {zone} удалён в панели, но на центральном DNS в нём есть чужие записи, поэтому там он оставлен. Удалите его на центральном DNS либо создайте в панели: тогда он будет синхронизироваться, и его можно будет удалить в ней.',
    advice: 'administrator',
  },
  'zone.signed-delete': {
    en: 'The domain {zone} is signed (DNSSEC) at the central DNS. Once it is deleted, many will not reach the domain until its DS record at the registry is removed; ask the registrar to remove it first. To delete it nevertheless, try again within 15 minutes.',
    ru: 'Домен {zone} подписан (DNSSEC) на центральном DNS. После удаления домен может быть недоступен для многих, пока у регистратора не удалена его запись DS; сначала удалите её. Чтобы всё же удалить домен, повторите удаление в течение 15 минут.',
  },
  'zone.signed-above': {
    en: 'The domain {zone} lies in {parent}, which is signed (DNSSEC) and does not delegate it: many would not reach {zone}. First add these records to {parent}: {records}. A DS record is needed there only once {zone} is signed itself. To create the domain nevertheless, try again within 15 minutes.',
    ru: 'Домен {zone} находится внутри домена {parent}, который подписан (DNSSEC) и не делегирует его, поэтому для многих {zone} будет недоступен. Сначала добавьте в {parent} записи: {records}. Запись DS там нужна, только когда будет подписан и сам {zone}. Чтобы всё же создать домен, повторите создание в течение 15 минут.',
  },
  'zone.signed-waiting': {
    en: 'The domain {zone} was deleted in the panel. At the central DNS it is signed (DNSSEC) and was left there, because nobody confirmed the deletion. Ask the registrar to remove its DS record; then "domainsync push {zone} --delete --despite-dnssec" deletes it.',
    ru: 'Домен {zone} удалён в панели. На центральном DNS он подписан (DNSSEC) и оставлен, так как удаление никто не подтвердил. Удалите его запись DS у регистратора; после этого «domainsync push {zone} --delete --despite-dnssec» удалит домен.',
  },
  'record.cname-clash': {
    en: '{record} cannot stand beside {existing}, which the central DNS holds.',
    ru: 'Запись {record} несовместима с записью {existing} на центральном DNS.',
    advice: 'correct',
  },
  'name.stuck': {
    en: 'An earlier change of this name waits for a decision (operation {operation}).',
    ru: 'Предыдущее изменение этого имени ждёт решения (операция {operation}).',
    advice: 'administrator',
  },
  'agent.late': {
    en: 'This server is so busy that domainsync received the change too late to answer it in time.',
    ru: 'Сервер сильно загружен: domainsync получил изменение слишком поздно и не успел бы ответить.',
    advice: 'retry',
  },
  'edit.busy': {
    en: 'Another change of the same name takes too long.',
    ru: 'Другое изменение этого же имени выполняется слишком долго.',
    advice: 'retry',
  },
  'agent.busy': {
    en: 'More changes are under way than domainsync can make in time, so this one was not begun.',
    ru: 'Сейчас выполняется больше изменений, чем domainsync успевает сделать, поэтому это изменение не начато.',
    advice: 'retry',
  },
  'journal.unreadable': {
    en: 'The journal of domainsync is damaged. It has to be restored, or domainsync paused.',
    ru: 'Журнал domainsync повреждён. Его нужно восстановить, либо domainsync приостановить.',
    advice: 'administrator',
  },
  'journal.zone-damaged': {
    en: 'What domainsync knows about {zone} is damaged on the disk of this server, so the records of this zone are not changed. "domainsync compare {zone}" compares both sides anew and changes neither.',
    ru: 'Данные domainsync о {zone} на диске этого сервера повреждены, поэтому записи этой зоны не изменяются. Команда «domainsync compare {zone}» заново сравнит обе стороны и ничего на них не изменит.',
    advice: 'administrator',
  },
  'journal.lost': {
    en: 'The journal of domainsync was deleted, replaced or cut while it was in use, so nothing can be recorded. The disk has to be checked and the agent restarted.',
    ru: 'Журнал domainsync удалён, заменён или обрезан во время работы, поэтому записать ничего нельзя. Нужно проверить диск и перезапустить агент.',
    advice: 'administrator',
  },
  'journal.newer': {
    en: 'The journal was written by a newer domainsync. This domainsync has to be updated.',
    ru: 'Журнал создан более новой версией domainsync. Нужно обновить domainsync.',
    advice: 'administrator',
  },
  'journal.other-host': {
    en: 'The journal of domainsync was written on another server: this server is a copy of it, or its disk was moved here. Two servers must not write the same zones, so changes are refused. The administrator has to stop domainsync on the other server, then run "domainsync accept-journal --yes" here.',
    ru: 'Журнал domainsync записан на другом сервере: этот сервер — его копия, либо сюда перенесли диск. Два сервера не должны изменять одни и те же зоны, поэтому изменения отклоняются. Администратору нужно остановить domainsync на другом сервере и выполнить здесь «domainsync accept-journal --yes».',
  },
  'journal.forgotten': {
    en: 'This change was under way when domainsync had to compare everything anew ("domainsync status" says why). What became of the change is not known, so nothing is sent for it. It ends once panel and central DNS agree: correct one of them, then run "domainsync compare".',
    ru: 'Это изменение не было завершено, когда domainsync пришлось сравнить всё заново (почему — скажет «domainsync status»). Чем оно кончилось, неизвестно, поэтому ничего не отправляется. Исправьте панель или центральный DNS, чтобы стороны совпали, и выполните «domainsync compare».',
    advice: 'administrator',
  },
  'journal.zone-left': {
    en: 'The central DNS has the domain {zone} and the panel has not; before everything was compared anew, it was synchronised. It was left as it is. Delete it at the central DNS, or create the domain in the panel: then it synchronises, and can be deleted there.',
    ru: 'Домен {zone} есть на центральном DNS, но не в панели; до нового сравнения всех зон он синхронизировался. Домен оставлен как есть. Удалите его на центральном DNS либо создайте в панели: тогда он будет синхронизироваться, и его можно будет удалить в ней.',
    advice: 'administrator',
  },
  'journal.disk-full': {
    en: 'The disk of this server is full, so the change cannot be recorded. Free some space and try again.',
    ru: 'На сервере закончилось место на диске, поэтому изменение нельзя записать. Освободите место и повторите попытку.',
  },
  'journal.in-use': {
    en: 'Another domainsync agent is running on this server.',
    ru: 'На сервере уже работает другой агент domainsync.',
    advice: 'administrator',
  },
  'journal.locked': {
    en: 'Another program holds the journal of domainsync, so nothing can be recorded. Try again in a moment; if that does not help, that program has to be ended.',
    ru: 'Журнал domainsync занят другой программой, поэтому записать ничего нельзя. Повторите попытку через минуту; если не поможет, эту программу нужно завершить.',
  },
  'journal.write-failed': {
    en: 'The change cannot be recorded in the journal of domainsync.',
    ru: 'Изменение не удалось записать в журнал domainsync.',
    advice: 'administrator',
  },
  'panel.unreachable': {
    en: 'The tool of the panel cannot be run, fails or takes too long. What the panel does not show is not changed. Try again in a moment; if that does not help, see "domainsync doctor".',
    ru: 'Программа панели не запускается, завершается с ошибкой или не отвечает вовремя. То, чего панель не показала, не меняется. Повторите попытку через минуту; если не поможет, см. «domainsync doctor».',
  },
  'panel.garbled': {
    en: 'The panel gave an answer that cannot be understood, or only a part of one. What the panel does not show is not changed. Try again in a moment; if that does not help, correct in the panel what is named here, or ask its administrator.',
    ru: 'Панель дала непонятный или неполный ответ. То, чего панель не показала, не меняется. Повторите попытку через минуту; если не поможет, исправьте в панели то, что здесь названо, или обратитесь к её администратору.',
  },
  'panel.refused': {
    en: 'The panel refused the request, which changed nothing there: {text}. Correct what it names and try again.',
    ru: 'Панель отклонила запрос, он ничего в ней не изменил: «{text}». Исправьте то, что она назвала, и повторите попытку.',
  },
  'engine.defect': {
    en: 'domainsync met an error of its own; the details are in its log.',
    ru: 'Внутренняя ошибка domainsync; подробности в его журнале работы.',
    advice: 'administrator',
  },
} as const satisfies Readonly<Record<string, Entry>>;

export type Code = keyof typeof catalogue;

/** Makes a problem from a code of the catalogue and the values for its text. */
export function refusal(code: Code, params: Readonly<Record<string, string>>): Problem {
  return { code, params };
}
