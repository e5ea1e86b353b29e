import type { Rank } from '../../core/panel.ts';
import { ispmanager4Records } from '../../net/ispmanager/ispmanager4-records.ts';
import { escapeXml } from '../../net/xml.ts';
import type { CallDialect, PanelDialect } from './dialect.ts';
import { readCgiCall, utf8 } from './parameters.ts';

/** For each level of an account, its rank (docs/protocol.md#generations). */
const ranks: ReadonlyMap<string, Rank> = new Map([
  ['5', 'user'],
  ['6', 'reseller'],
  ['7', 'administrator'],
]);

const calls: CallDialect = {
  stage: ({ environment }) => environment['HANDLER_STAGE'] ?? '',
  readings: readCgiCall,
  actor: ({ environment }) => ({
    name: utf8(environment['REMOTE_USER']),
    rank: ranks.get(environment['SESSION_LEVEL'] ?? '') ?? 'nobody',
  }),
  session: ({ environment }) => environment['AUTHID'] ?? '',
  language: ({ environment }) =>
    (environment['SESSION_LANG'] ?? '').toLowerCase().startsWith('ru') ? 'ru' : 'en',
  // With code 9, the panel shows a plugin's text unchanged (docs/protocol.md#errors-4).
  error: (text, field) =>
    `<error code="9"${field === '' ? '' : ` val="${escapeXml(field)}"`}>${escapeXml(text)}</error>`,
};

/**
 * ISPmanager 4 (docs/protocol.md#functions-4, #other-functions). `domain.delete.confirm` is a page before the
 * delete, but scripts also call it with `sok`. It is not known whether the panel then also calls
 * `domain.delete`; two deletes of a zone do no harm.
 */
export const ispmanager4: PanelDialect = {
  records: ispmanager4Records,
  calls,
  functions: {
    'domain.edit': 'zone-form',
    'domain.delete': 'zone-delete',
    'domain.delete.confirm': 'zone-delete-confirm',
    'domain.sublist.edit': 'record-form',
    'domain.sublist.delete': 'record-delete',
    'wwwdomain.edit': 'hint',
    'wwwdomain.delete': 'hint',
    'emaildomain.edit': 'hint',
    'emaildomain.delete': 'hint',
    'user.edit': 'hint-user',
    'user.delete': 'hint-user',
  },
  documented: ['func', 'plid', 'elid', 'ip', 'ns', 'mx'],
  groupList: null,
  hasCopies: false,
  hinting: ['domain', 'name', 'elid', 'alias'],
  // Version 4 also has an `eventlist`, but it lists plugins of an older kind (docs/protocol.md#files-4).
  listsEvents: false,
  secretArgument: null,
};
