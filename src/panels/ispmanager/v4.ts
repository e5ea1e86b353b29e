/** What a panel function means to us. */
export type FunctionRole =
  | 'zone-form'
  | 'zone-delete'
  | 'zone-delete-confirm'
  | 'record-form'
  | 'record-delete'
  | 'hint';

/** What differs between the generations, as data. */
export interface HookDialect {
  readonly functions: Readonly<Record<string, FunctionRole>>;
  /** Parameters of the DNS functions that identify a call; everything else is noise or a secret. */
  readonly documented: readonly string[];
}

/**
 * ISPmanager 4 (reference 6.1, 9). `domain.delete.confirm` is a page before the delete, but scripts call it with `sok` too; whether
 * it then fires `domain.delete` as well is not known, and two deletes of one zone do no harm.
 */
export const v4: HookDialect = {
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
    'user.edit': 'hint',
    'user.delete': 'hint',
  },
  documented: ['func', 'plid', 'elid', 'name', 'sdtype', 'addr', 'prio', 'wght', 'port', 'ip', 'ns', 'mx'],
};
