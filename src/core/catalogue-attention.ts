import type { Entry } from './catalogue-entry.ts';

/** Texts of the reasons why an administrator has to look at a panel. Each text says what to do. */
export const attentionTexts = {
  'attention.agent-not-running': {
    en: 'No agent runs. The next edit starts it; if it does not, see "domainsync doctor".',
    ru: 'Агент не работает. Его запустит следующее изменение; если этого не произойдёт, см. «domainsync doctor».',
  },
  'attention.central-unreachable': {
    en: 'The central DNS cannot be reached, so edits are refused. Check network and server with "domainsync check"; after "domainsync pause" edits are saved in the panel only.',
    ru: 'Центральный DNS недоступен, изменения отклоняются. Проверьте сеть и сервер командой «domainsync check»; после «domainsync pause» изменения выполняются только в панели.',
  },
  'attention.observing-blind': {
    en: 'The central DNS does not answer, or refuses the login, so domainsync cannot tell what it would do. Edits pass. See "domainsync check".',
    ru: 'Центральный DNS не отвечает или отклоняет вход, поэтому domainsync не может сказать, что бы он сделал. Изменения проходят. См. «domainsync check».',
  },
  'attention.login-blocked': {
    en: 'The central DNS refused the login, so edits are refused and logins are tried rarely. Correct user name and password in the settings; saving tries again at once, "domainsync check" as well.',
    ru: 'Центральный DNS отклонил вход: изменения отклоняются, вход повторяется редко. Исправьте имя пользователя и пароль в настройках; вход будет проверен сразу после сохранения или командой «domainsync check».',
  },
  'attention.settings-not-in-force': {
    en: 'The newest settings are not in force, so edits are refused (they pass while only observing). Correct them in the form or the file; "domainsync doctor" says more.',
    ru: 'Последние настройки не вступили в силу, изменения отклоняются (в режиме наблюдения — проходят). Исправьте их в форме или в файле; подробности покажет «domainsync doctor».',
  },
  'attention.problem': {
    en: 'domainsync cannot work. "domainsync doctor" says what to do.',
    ru: 'domainsync не может работать. Что делать, покажет «domainsync doctor».',
  },
  'attention.other-host': {
    en: 'The journal was written on another server: this one is a copy of it, or its disk was moved. Nothing is written at the central DNS, and edits are refused (they pass while only observing). Stop domainsync on the other server ("domainsync uninstall"), then run "domainsync accept-journal --yes" here: everything is compared anew, and neither side is changed.',
    ru: 'Журнал записан на другом сервере: этот сервер — его копия, либо сюда перенесли диск. На центральном DNS ничего не меняется, изменения отклоняются (в режиме наблюдения — проходят). Остановите domainsync на другом сервере («domainsync uninstall») и выполните здесь «domainsync accept-journal --yes»: всё будет сравнено заново, ни одна сторона не изменится.',
  },
  'attention.older-journal': {
    en: 'An older copy of the journal was put back, so everything was compared anew; neither side was changed. See what differs ("domainsync zones") and what is stuck, then run "domainsync accept-journal --yes".',
    ru: 'На сервер вернули старую копию журнала, поэтому всё сравнено заново; ни одна сторона не изменена. Посмотрите, что различается («domainsync zones») и что ждёт решения, затем выполните «domainsync accept-journal --yes».',
  },
  'attention.long-gap': {
    en: 'domainsync had not run for more than 30 days, so everything was compared anew; neither side was changed. See what differs ("domainsync zones") and what is stuck, then run "domainsync accept-journal --yes".',
    ru: 'domainsync не работал больше 30 дней, поэтому всё сравнено заново; ни одна сторона не изменена. Посмотрите, что различается («domainsync zones») и что ждёт решения, затем выполните «domainsync accept-journal --yes».',
  },
  'attention.plugin-files': {
    en: 'The files of domainsync in the panel differ from those installed: {text}. The panel may no longer call it. Run "domainsync install".',
    ru: 'Файлы domainsync в панели отличаются от установленных: {text}. Панель может больше не вызывать обработчики. Выполните «domainsync install».',
  },
  'attention.no-hook-calls': {
    en: 'DNS records change in the panel without a call to domainsync, most recently in {zone}: an update of the panel may have dropped its handlers. Run "domainsync doctor", then "domainsync install".',
    ru: 'Записи DNS в панели меняются без вызова domainsync, последний раз в {zone}: возможно, обновление панели убрало обработчики. Выполните «domainsync doctor», затем «domainsync install».',
  },
  'attention.stuck': {
    en: 'Operations that wait for a decision: {count}. "domainsync show OPERATION" shows both sides of each; put one side right, then run "domainsync compare ZONE".',
    ru: 'Операций, ждущих решения: {count}. «domainsync show OPERATION» показывает обе стороны; исправьте одну из них и выполните «domainsync compare ZONE».',
  },
  'attention.zones-frozen': {
    en: 'Zones whose part of the journal is damaged: {count}; their edits are refused. "domainsync zones" names them, "domainsync compare ZONE" compares each anew.',
    ru: 'Зон с повреждёнными данными в журнале: {count}; их изменения отклоняются. «domainsync zones» покажет их, «domainsync compare ZONE» сравнит заново.',
  },
  'attention.operations-damaged': {
    en: 'Operations in the journal that cannot be read: {count}. See docs/operations.md#a-damaged-journal.',
    ru: 'Операций в журнале, которые не читаются: {count}. См. docs/operations.md#a-damaged-journal.',
  },
  'attention.comparison-failing': {
    en: 'The comparison of panel and central DNS fails, so differences are not found. "domainsync doctor" looks at both sides; "domainsync compare" tries again.',
    ru: 'Сравнение панели с центральным DNS не удаётся, расхождения не обнаруживаются. «domainsync doctor» проверит обе стороны; «domainsync compare» повторит попытку.',
  },
  'attention.comparison-overdue': {
    en: 'Panel and central DNS were not compared in time, so there may be differences that nobody has seen. Look at the log; "domainsync compare" compares now.',
    ru: 'Панель и центральный DNS давно не сравнивались, возможны незамеченные расхождения. Посмотрите журнал работы; «domainsync compare» сравнит сейчас.',
  },
  'attention.zones-not-compared': {
    en: 'Zones whose comparison fails: {count}; it is tried again. The log names them ("zone.later"), "domainsync doctor" looks at both sides.',
    ru: 'Зон, сравнение которых не удаётся: {count}; попытки повторяются. Они названы в журнале работы («zone.later»); «domainsync doctor» проверит обе стороны.',
  },
  'attention.name-servers-behind': {
    en: 'Name servers do not serve what the central DNS has ({servers}; edits: {count}). Ask the provider about its zone transfers; "domainsync status" names edits and servers.',
    ru: 'Серверы имён не отдают то, что есть на центральном DNS ({servers}; изменений: {count}). Спросите провайдера о передаче зон; «domainsync status» назовёт изменения и серверы.',
  },
  'attention.owners-undecided': {
    en: 'Edits that were left to the panel because the owner of the zone is not known: {count}. "domainsync doctor" tells why the panel does not show owners.',
    ru: 'Изменений, о которых решала одна панель, так как владелец зоны неизвестен: {count}. Почему панель не показывает владельцев, скажет «domainsync doctor».',
  },
  'attention.conflicts': {
    en: 'Records that are not the same on both sides: {count}, more than {limit} ("[status] conflicts"); edits of them stay in the panel. "domainsync zones --state conflict" lists the zones.',
    ru: 'Записей, различающихся на двух сторонах: {count}, больше {limit} («[status] conflicts»); их изменения остаются в панели. «domainsync zones --state conflict» покажет зоны.',
  },
} as const satisfies Readonly<Record<string, Entry>>;

/** The code of a reason why an administrator has to look at a panel. */
export type AttentionCode = keyof typeof attentionTexts;
