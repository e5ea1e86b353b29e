import type { Language } from '../core/panel.ts';
import type { OwnerKnowledge } from '../app/answers/owner-knowledge.ts';

type Text = Readonly<Record<Language, string>>;

const texts = {
  unknown: { en: 'Not known yet', ru: 'Пока неизвестны' },
  reported: {
    en: 'Known: the panel reports whose each zone is',
    ru: 'Известны: панель сообщает, чья каждая зона',
  },
  'not-reported': {
    en: 'Not reported by the panel: changes by users are not refused, only sent afterwards. Run: domainsync doctor --self-test',
    ru: 'Панель их не сообщает: изменения пользователей не отклоняются, а передаются после сохранения. Выполните: domainsync doctor --self-test',
  },
  proved: {
    en: 'Not needed: this panel checks access itself first (seen by the self-test)',
    ru: 'Не требуются: панель сначала сама проверяет права (подтверждено самопроверкой)',
  },
  off: {
    en: 'Not checked ([sync] owner_check = off): only the panel decides who may change a zone',
    ru: 'Не проверяются ([sync] owner_check = off): кому можно менять зону, решает только панель',
  },
} as const satisfies Readonly<Record<string, Text>>;

/**
 * The text about owners in the settings form. A user's edit can be refused only if the owners of zones are
 * known.
 */
export function ownersText(known: OwnerKnowledge | null, language: Language): string {
  return texts[stateOf(known)][language];
}

function stateOf(known: OwnerKnowledge | null): keyof typeof texts {
  if (known === null) return 'unknown';
  if (known.check !== 'on') return known.check;
  if (known.way === null) return 'unknown';
  return known.way === 'none' ? 'not-reported' : 'reported';
}
