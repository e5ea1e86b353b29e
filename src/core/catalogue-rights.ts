import type { Entry } from './catalogue-entry.ts';

/** Texts of problems in the rules of a gateway's token. */
export const rightsTexts = {
  'rule.empty-pattern': {
    en: 'A pattern is empty. Every zone is written as **, the apex of a zone as @.',
    ru: 'Шаблон пуст. Любая зона записывается как **, сама зона среди имён — как @.',
  },
  'rule.absolute-name': {
    en: 'The pattern {name} ends in a dot. Names in rules are relative to the zone: write them without the zone and the dot.',
    ru: 'Шаблон {name} оканчивается точкой. Имена в правилах задаются относительно зоны: без имени зоны и точки в конце.',
  },
  'rule.apex-in-name': {
    en: 'The pattern {name} uses @ as a part of a name. The sign stands alone, for the apex of the zone.',
    ru: 'В шаблоне {name} знак @ — часть имени. Он пишется отдельно и означает саму зону.',
  },
  'rule.two-depths': {
    en: 'The pattern {name} has ** more than once. It may have it once.',
    ru: 'В шаблоне {name} знак ** встречается несколько раз, а допустим один.',
  },
  'rule.partial-wildcard': {
    en: 'The pattern {name} has * in a part of a label ({label}). It stands for a whole label; the character itself is written as \\*.',
    ru: 'В шаблоне {name} знак * занимает часть метки ({label}). Он заменяет только целую метку; сам символ записывается как \\*.',
  },
  'rule.too-many-labels': {
    en: 'The pattern {name} has * and more than {most} labels. Use ** instead, or exact labels.',
    ru: 'В шаблоне {name} есть * и больше {most} меток. Используйте ** или точные метки.',
  },
  'rule.no-types': {
    en: 'The rule names no record type. Every type is written as "*".',
    ru: 'В правиле не указан ни один тип записи. Любой тип записывается как «*».',
  },
  'rule.not-protected': {
    en: 'The type {type} is not a protected one. A rule alone allows to write it.',
    ru: 'Тип {type} не относится к защищённым. Для его изменения достаточно правила.',
  },
  'rule.no-zones': {
    en: 'The preset {preset} needs zones. Every zone is written as **.',
    ru: 'Для набора {preset} нужно указать зоны. Любая зона записывается как **.',
  },
  'rule.too-many': {
    en: 'A token has at most {most} rules, and these would be {count}. Name fewer zones or names, use patterns such as **.example.org, or make several tokens.',
    ru: 'У токена может быть не больше {most} правил, а получилось бы {count}. Укажите меньше зон или имён, используйте шаблоны вида **.example.org или создайте несколько токенов.',
  },
  'rule.no-names': {
    en: 'The preset {preset} needs names.',
    ru: 'Для набора {preset} нужно указать имена.',
  },
} as const satisfies Readonly<Record<string, Entry>>;
