import type { Field, View } from '../shared/page-views.ts';

function text(name: string, required = false): Field {
  return { name, type: 'text', required };
}

const RECORD_TYPES = ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'MX', 'TXT', 'SRV', 'PTR'];

/**
 * Lists and forms of ISPmanager 4 (docs/protocol.md#functions-4, #record-form-4). The names `plugin*` are
 * invented, because docs/protocol.md#sources-4 does not have them.
 */
export const VIEWS: Readonly<Record<string, View>> = {
  domain: {
    kind: 'list',
    key: 'name',
    columns: ['name', 'owner'],
    edit: 'domain.edit',
    actions: [{ func: 'domain.delete', label: 'delete' }],
    open: 'domain.sublist',
  },
  'domain.edit': { kind: 'form', back: 'domain', fields: [text('name', true), text('ip'), text('ns')] },
  'domain.sublist': {
    kind: 'list',
    key: 'key',
    columns: ['name', 'type', 'prio', 'addr'],
    edit: 'domain.sublist.edit',
    editRows: true,
    actions: [{ func: 'domain.sublist.delete', label: 'delete' }],
    inside: true,
  },
  'domain.sublist.edit': {
    kind: 'form',
    back: 'domain.sublist',
    fields: [
      text('name'),
      { name: 'sdtype', type: 'select', values: RECORD_TYPES },
      text('addr', true),
      text('prio'),
      text('wght'),
      text('port'),
    ],
  },
  wwwdomain: { kind: 'list', key: 'name', columns: ['name', 'owner'], actions: [] },
  emaildomain: { kind: 'list', key: 'name', columns: ['name', 'owner'], actions: [] },
  user: {
    kind: 'list',
    key: 'name',
    columns: ['name', 'level', 'owner', 'domain'],
    edit: 'user.edit',
    actions: [{ func: 'user.delete', label: 'delete' }],
  },
  'user.edit': {
    kind: 'form',
    back: 'user',
    fields: [text('name', true), { name: 'passwd', type: 'password', required: true }],
  },
  plugin: {
    kind: 'list',
    key: 'name',
    columns: ['name', 'descr', 'installed', 'available'],
    actions: [
      { func: 'plugin.install', label: 'install', when: 'installable' },
      { func: 'plugin.update', label: 'update', when: 'updatable' },
      { func: 'plugin.delete', label: 'delete', when: 'installed' },
    ],
  },
  pluginsrc: {
    kind: 'list',
    key: 'url',
    columns: ['url'],
    edit: 'pluginsrc.edit',
    actions: [{ func: 'pluginsrc.delete', label: 'delete' }],
  },
  'pluginsrc.edit': { kind: 'form', back: 'pluginsrc', fields: [text('url', true)] },
};
