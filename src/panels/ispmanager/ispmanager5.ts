import type { HookCall, Language, Rank } from '../../core/panel.ts';
import { ispmanager5Records } from '../../net/ispmanager/ispmanager5-records.ts';
import { escapeXml } from '../../net/xml.ts';
import type { CallDialect, PanelDialect } from './dialect.ts';
import { readEnvironmentCall, utf8 } from './parameters.ts';

const calls: CallDialect = {
  // The panel does not report the stage (docs/protocol.md#handlers-5), so each stage has a handler of its
  // own.
  stage: ({ stage }) => stage ?? '',
  readings: readEnvironmentCall,
  actor: ({ environment }) => ({
    name: utf8(environment['AUTH_USER']),
    rank: rank(environment['AUTH_LEVEL']),
  }),
  session: (call) => cookie(call, 'ses5'),
  language,
  // The smallest error document that panels are known to accept from plugins. The type `value` is for errors
  // at a field of a form (docs/protocol.md#errors-5).
  error: (text, field) => {
    const [type, object] = field === '' ? ['domainsync', 'central'] : ['value', field];
    return `<error type="${type}" object="${escapeXml(object)}"><msg>${escapeXml(text)}</msg></error>`;
  },
};

/**
 * The rank of a level: 16 user, 24 reseller, 29 administrator, 30 root (docs/protocol.md#generations,
 * #handlers-5).
 */
function rank(level: string | undefined): Rank {
  if (level === undefined || !/^[1-3]?\d$/u.test(level)) return 'nobody';
  const number = Number(level);
  if (number > 30) return 'nobody';
  if (number >= 29) return 'administrator';
  if (number >= 24) return 'reseller';
  return number >= 16 ? 'user' : 'nobody';
}

/**
 * Reads a cookie; its name begins with the panel's name (docs/protocol.md#login).
 * @returns empty if there is none
 */
function cookie({ environment }: HookCall, ending: 'ses5' | 'lang5'): string {
  const found = new RegExp(`(?:^|;\\s*)[a-z]+${ending}=([^;]*)`, 'u').exec(environment['HTTP_COOKIE'] ?? '');
  return found?.[1]?.trim() ?? '';
}

/**
 * The language of the user: the one that the call names, else the one in the panel's cookie
 * (`theme:language`), else the browser's first choice. A language other than Russian counts as English.
 */
function language(call: HookCall): Language {
  const asked = call.environment['PARAM_lang'] ?? '';
  // Browsers may percent-encode the colon in the cookie.
  const chosen = cookie(call, 'lang5').split(/:|%3a/iu).at(-1) ?? '';
  const preferred = call.environment['HTTP_ACCEPT_LANGUAGE'] ?? '';
  const word = [asked, chosen, preferred].find((one) => one.trim() !== '') ?? '';
  return word.trim().toLowerCase().startsWith('ru') ? 'ru' : 'en';
}

/** ISPmanager 5 and 6 (docs/protocol.md#functions-5, #other-functions). */
export const ispmanager5: PanelDialect = {
  records: ispmanager5Records,
  calls,
  functions: {
    'domain.edit': 'zone-form',
    'domain.delete': 'zone-delete',
    'domain.delete.request': 'zone-delete-confirm',
    'domain.record.edit': 'record-form',
    'domain.record.delete': 'record-delete',
    'domain.autorecords': 'hint-action',
    'domain.passredirect': 'hint-move',
    dnsparam: 'hint',
    'dnsparam.fixall': 'hint-action',
    'webdomain.edit': 'hint',
    'webdomain.delete': 'hint',
    'webdomain.delete.confirm': 'hint',
    'webdomain.letsencrypt.txt': 'hint-action',
    'site.edit': 'hint',
    'site.delete': 'hint',
    'emaildomain.edit': 'hint',
    'emaildomain.delete': 'hint',
    'emaildomain.restore_mx': 'hint-action',
    'user.edit': 'hint-user',
    'user.add.user': 'hint-user',
    'user.add.finish': 'hint-user',
    'user.delete': 'hint-user',
  },
  documented: ['func', 'plid', 'elid', 'elids', 'masterip', 'dtype'],
  groupList: 'elids',
  hasCopies: false,
  hinting: ['name', 'site_name', 'domain', 'elids', 'elid', 'aliases', 'site_aliases'],
  listsEvents: true,
  // `-e 'k=$ENV'` reads a value from the environment (since COREmanager 5.325, docs/protocol.md#mgrctl).
  secretArgument: (name, variable) => ['-e', `${name}=$${variable}`],
};

/** DNSmanager 5 and 6 (docs/protocol.md#dnsmanager). */
export const dnsmanager: PanelDialect = { ...ispmanager5, hasCopies: true };
