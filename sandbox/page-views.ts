/** A field of a form. */
export interface Field {
  readonly name: string;
  readonly type: 'text' | 'password' | 'checkbox' | 'select' | 'textarea' | 'hidden';
  /** Values of a select, when the document does not bring them. */
  readonly values?: readonly string[];
  readonly maxlength?: string;
  readonly required?: boolean;
  readonly readonly?: boolean;
  readonly fallback?: string;
}

export interface FormView {
  readonly kind: 'form';
  /** The list to go back to. */
  readonly back: string;
  readonly fields: readonly Field[];
  /** Fields that follow by the value of one of them; a change of it renders the form anew (reference 2.3). */
  readonly byType?: {
    readonly field: string;
    readonly fields: Readonly<Record<string, readonly Field[]>>;
    readonly fallback: readonly Field[];
  };
}

export interface ListView {
  readonly kind: 'list';
  /** Column that identifies a row. */
  readonly key: string;
  /** Column that opens a row; absent: none. */
  readonly name?: string;
  /** Column that names the function of a row's settings; absent: rows have none. */
  readonly settings?: string;
  readonly columns: readonly string[];
  /** Function of the form for new and present rows; absent: none. */
  readonly edit?: string;
  /** Whether present rows can be edited as well. */
  readonly editRows?: boolean;
  /** Functions of buttons in each row; with `when`: only in rows that have this cell. */
  readonly actions: readonly { readonly func: string; readonly label: string; readonly when?: string }[];
  /** Function that lists what is in a row. */
  readonly open?: string;
  /** Whether it lists what is in an element of another list, which is its `elid`. */
  readonly inside?: boolean;
}

export type View = FormView | ListView;

function text(name: string, required = false): Field {
  return { name, type: 'text', required };
}

const RECORD_TYPES = ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'MX', 'TXT', 'SRV', 'PTR'];

/** Pages of the panel's own functions (reference 6.1 to 6.5; `plugin*` are named by us, reference 13.1 shows the way only). */
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
