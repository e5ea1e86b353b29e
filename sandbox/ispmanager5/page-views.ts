import { FIELDS } from './records.ts';
import type { Field, ListView, View } from '../shared/page-views.ts';

function input(name: string, required = false): Field {
  return { name, type: 'text', required };
}

function readOnly(name: string): Field {
  return { name, type: 'text', readonly: true };
}

function select(name: string, values: readonly string[]): Field {
  return { name, type: 'select', values };
}

const TYPES = Object.keys(FIELDS).map((type) => type.toLowerCase());
const OWN_CONTROLS: Readonly<Record<string, Field>> = {
  value: { name: 'value', type: 'textarea', required: true },
  caa_tag: select('caa_tag', ['issue', 'issuewild', 'iodef']),
};

function recordFields(type: string): readonly Field[] {
  return (FIELDS[type] ?? []).map((name) => OWN_CONTROLS[name] ?? input(name, true));
}

const records: Readonly<Record<string, View>> = {
  'domain.record': {
    kind: 'list',
    key: 'rkey',
    name: 'name',
    columns: ['name', 'ttl', 'rtype', 'value', 'info'],
    edit: 'domain.record.edit',
    editRows: true,
    actions: [{ func: 'domain.record.delete', label: 'delete' }],
    inside: true,
  },
  'domain.record.edit': {
    kind: 'form',
    back: 'domain.record',
    fields: [input('name'), input('ttl'), select('rtype', TYPES)],
    byType: {
      field: 'rtype',
      fields: {
        ...Object.fromEntries(Object.keys(FIELDS).map((type) => [type.toLowerCase(), recordFields(type)])),
        soa: [input('email', true)],
      },
      fallback: recordFields('A'),
    },
  },
};

const users: Readonly<Record<string, View>> = {
  user: {
    kind: 'list',
    key: 'name',
    name: 'name',
    columns: ['name', 'level', 'owner', 'domain'],
    edit: 'user.edit',
    editRows: true,
    actions: [{ func: 'user.delete', label: 'delete' }],
  },
  'user.edit': {
    kind: 'form',
    back: 'user',
    fields: [input('name', true), { name: 'passwd', type: 'password', required: true }, input('domain')],
  },
  plugin: {
    kind: 'list',
    key: 'name',
    name: 'desc_short',
    columns: ['desc_short', 'desc_full'],
    actions: [],
    settings: 'settings',
  },
};

function zones(deletion: string, columns: readonly string[]): ListView {
  return {
    kind: 'list',
    key: 'name',
    name: 'displayname',
    columns,
    edit: 'domain.edit',
    editRows: true,
    actions: [{ func: deletion, label: 'delete' }],
    open: 'domain.record',
  };
}

const deletionRequest: View = { kind: 'form', back: 'domain', fields: [readOnly('name')] };

const mail: Readonly<Record<string, View>> = {
  emaildomain: {
    kind: 'list',
    key: 'name',
    name: 'displayname',
    columns: ['displayname', 'owner', 'dkim', 'dmarc'],
    edit: 'emaildomain.edit',
    editRows: true,
    actions: [{ func: 'emaildomain.delete', label: 'delete' }],
  },
  'emaildomain.edit': {
    kind: 'form',
    back: 'emaildomain',
    fields: [input('name', true), { name: 'dkim', type: 'checkbox' }, { name: 'dmarc', type: 'checkbox' }],
  },
};

function webs(edit: string, name: 'displayname' | 'name'): ListView {
  return {
    kind: 'list',
    key: 'name',
    name,
    columns: [name, 'aliases', 'ipaddr', 'owner'],
    edit,
    editRows: true,
    actions: [{ func: 'webdomain.delete', label: 'delete' }],
  };
}

/** Lists and forms of ISPmanager 5. */
export const V5_VIEWS: Readonly<Record<string, View>> = {
  domain: zones('domain.delete', ['displayname', 'status']),
  'domain.edit': { kind: 'form', back: 'domain', fields: [input('name', true), input('ip')] },
  ...records,
  webdomain: webs('webdomain.edit', 'displayname'),
  'webdomain.edit': {
    kind: 'form',
    back: 'webdomain',
    fields: [input('name', true), input('aliases'), input('ipaddrs'), input('email')],
  },
  ...mail,
  ...users,
};

/** Lists and forms of ISPmanager 6. */
export const V6_VIEWS: Readonly<Record<string, View>> = {
  ...V5_VIEWS,
  domain: zones('domain.delete.request', ['displayname', 'status']),
  'domain.delete.request': deletionRequest,
  webdomain: webs('site.edit', 'name'),
  'site.edit': {
    kind: 'form',
    back: 'webdomain',
    fields: [input('site_name', true), input('site_aliases'), input('site_ipaddrs'), input('site_email')],
  },
};

/** Lists and forms of DNSmanager. */
export const DNSMGR_VIEWS: Readonly<Record<string, View>> = {
  domain: zones('domain.delete', ['displayname', 'user', 'dtype', 'status']),
  'domain.edit': {
    kind: 'form',
    back: 'domain',
    fields: [select('dtype', ['master', 'slave']), input('name', true)],
    byType: {
      field: 'dtype',
      fields: { slave: [input('masterip', true)] },
      fallback: [input('ip'), input('email')],
    },
  },
  ...records,
  ...users,
};
