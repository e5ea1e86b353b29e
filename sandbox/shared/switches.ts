/** How the panel's own part of a call fails after the `before` handlers have accepted the call. */
export interface LocalFailure {
  readonly code: number;
  readonly text?: string;
  /** Number of further calls that fail; absent: every call fails. */
  count?: number;
}

/**
 * Settings for behaviour that docs/protocol.md leaves open, or in which panels differ. A test may change
 * every field at any time.
 */
export interface Switches {
  /**
   * Whether record names in lists and keys are absolute with a final dot. If not, they are relative
   * (docs/protocol.md#record-keys-4).
   */
  absoluteNames: boolean;
  /**
   * How the values in lists and keys show host names: as the user typed them, or absolute
   * (docs/protocol.md#record-keys-4, #record-form-4).
   */
  hosts: 'verbatim' | 'absolute';
  /** Whether errors contain a text. If not, they are empty elements (docs/protocol.md#errors-4). */
  errorTexts: boolean;
  /**
   * The answer to wrong credentials (docs/protocol.md#login-answers). `own`: version 4 answers `authfail` to
   * `func=auth`, and code 100 to other calls. The other values are the answer to every call: `authfail`,
   * error code 100, or the plain text `access deny`.
   */
  authRefusal: 'own' | 'authfail' | 'code100' | 'plain';
  /** Whether calls with `authinfo` are refused with the plain text `access deny` (docs/protocol.md#login). */
  restrictAuthinfo: boolean;
  /** A session ends after so many milliseconds without a call (docs/protocol.md#login). */
  sessionIdleMs: number;
  /** Number of milliseconds that are added to the sandbox's clock, for example to end a session. */
  clockOffsetMs: number;
  /** Whether lists contain a `banner` between their elements (docs/protocol.md#documents). */
  banners: boolean;
  /** After so many rows, a list ends with a banner (docs/protocol.md#list-limits); 0: it never does. */
  recordLimit: number;
  /** For a user's name: a text that a zone's name must contain to be in this user's `domain` list. */
  filters: Record<string, string>;
  /** Further names in the administrator's list of domains. Nothing has checked them. */
  strayNames: string[];
  /**
   * Versions 5/6, DNSmanager: whether the filter of a call with `filter=on` also applies to later lists of
   * the account (docs/protocol.md#formats; it is not known what real panels do).
   */
  filterStays: boolean;
  /**
   * Whether the panel checks the right to a zone before the `before` handlers. If not, the function checks
   * it. It is not known what real panels do.
   */
  accessFirst: boolean;
  /**
   * Whether calls with `su` run as the caller, as in a panel that does not have this parameter
   * (docs/protocol.md#parameters).
   */
  ignoreSu: boolean;
  /**
   * Versions 5/6, DNSmanager: the column of the `domain` list that names the owner (docs/protocol.md#owners).
   */
  ownerColumn: 'user' | 'owner' | 'none';
  /** Whether a new zone without `ns` is refused with error code 4. If not, it gets `defaultNs`. */
  nsRequired: boolean;
  /** Whether a new zone without `ip` is refused with error code 4. If not, it gets `defaultIp`. */
  requireIp: boolean;
  /** Default values in the form for a new zone (docs/protocol.md#zone-form-4). */
  defaultNs: string;
  defaultMx: string;
  defaultIp: string;
  /** Labels that get an A record in a new zone. `@` stands for the zone itself. */
  defaultHosts: string[];
  /** Labels that also get an A record if the option WWW or mail is on (docs/protocol.md#zone-form-4). */
  webHosts: string[];
  mailHosts: string[];
  /** Whether a new zone gets MX records, and a TXT record with SPF (docs/protocol.md#zone-form-4). */
  defaultMxRecords: boolean;
  defaultSpf: boolean;
  /**
   * Whether a change of a zone's `ip` also changes the zone's A records that have the old address. It is not
   * known what version 6 does.
   */
  ipRewrites: boolean;
  /**
   * Whether `domain.delete.confirm` with `sok` deletes (docs/protocol.md#functions-4). If not, it only
   * answers OK.
   */
  confirmDeletes: boolean;
  /** Error code of a call for a zone of another account (docs/protocol.md#accounts). */
  foreignZone: 3 | 6;
  /**
   * Whether a new zone is refused with code 6 if it lies below or above another account's zone
   * (docs/protocol.md#accounts).
   */
  refuseSubzones: boolean;
  /**
   * Whether a group function stops at an element that fails, or continues with the others
   * (docs/protocol.md#groups).
   */
  groupFailure: 'stop' | 'continue';
  /** Identifier of an element that every group function refuses with code 1; empty: there is none. */
  failElement: string;
  /** How the parameters of hook calls spell domain names (docs/protocol.md#names). */
  handlerNames: 'as-sent' | 'unicode' | 'punycode';
  /**
   * How handlers get the parameters: as in the request, all in the query (`get`), or all in the body
   * (`post`).
   */
  deliver: 'as-requested' | 'get' | 'post';
  /** Whether `auth`, `authinfo` and `su` are withheld from handlers (docs/protocol.md#handlers-4). */
  stripAuth: boolean;
  /**
   * Version 4: which length of the body handlers get. `counted`: the panel counts it. `as-sent`: the one that
   * the client sent, or none (docs/protocol.md#handlers-4).
   */
  lengthToHandlers: 'counted' | 'as-sent';
  /**
   * Versions 5/6: what handlers get of a value with a NUL octet. `cut`: the part before it. `left-out`:
   * nothing (docs/protocol.md#handlers-5).
   */
  nulToHandlers: 'cut' | 'left-out';
  /**
   * Which of several `sok` parameters makes a call save: only the last one, or any that is not empty
   * (docs/protocol.md#parameters).
   */
  repeatedSok: 'last' | 'any';
  /**
   * Versions 5/6: whether a record form with `sok` is saved although it has `sv_field`
   * (docs/protocol.md#parameters).
   */
  redrawSaves: boolean;
  /**
   * Whether calls of functions inside the panel run handlers. Web, mail and user functions, for example, make
   * zones and records by such calls (docs/protocol.md#stages-4). The inner calls of `site.edit` always run
   * handlers.
   */
  fireNested: boolean;
  /**
   * Whether `domain.delete.request` with `sok` runs the handlers of `domain.delete`, even if `fireNested` is
   * off. It is not known what real panels do.
   */
  requestFires: boolean;
  /**
   * Versions 5/6: what the delete of a web or mail domain removes from its zone. It is not known what real
   * panels do.
   */
  serviceDeletes: 'nothing' | 'records' | 'zone';
  /** A running handler is killed after so many milliseconds (docs/protocol.md#after-errors). */
  handlerTimeoutMs: number;
  /**
   * What happens to the call if its `before` handler was killed: it is refused, or it goes on
   * (docs/protocol.md#after-errors).
   */
  killedBefore: 'refuse' | 'go-on';
  /**
   * Whether an exit status other than 0 of a handler is ignored, or is an error
   * (docs/protocol.md#handlers-4).
   */
  exitStatus: 'ignored' | 'error';
  /**
   * Whether handlers are refused if users other than their owner may write them (docs/protocol.md#files-4).
   */
  strictModes: boolean;
  /** Whether the panel undoes its own change if `after` returns an error (docs/protocol.md#after-errors). */
  undoAfterError: boolean;
  /**
   * Whether a call of the panel waits while a `before` or `after` handler is running
   * (docs/protocol.md#stages-4).
   */
  blockNested: boolean;
  /** Functions whose own part fails after `before`, even if they are called inside the panel. */
  failLocal: Record<string, LocalFailure>;
  /**
   * Functions that fail after their inner calls, and the `after` handlers of these, have succeeded. The inner
   * calls are undone (docs/protocol.md#stages-5).
   */
  failOuter: Record<string, LocalFailure>;
  /** Functions that run their handlers and answer OK, but change nothing (docs/protocol.md#partial-forms). */
  noEffect: string[];
  /** Reads show a change of a zone only after so many milliseconds (docs/protocol.md#delays). */
  lateVisibilityMs: number;
  /** Who sees changes late: everyone, or only mgrctl and not the pages (docs/protocol.md#handlers-5). */
  lateFor: 'everyone' | 'mgrctl';
  /**
   * Versions 5/6, DNSmanager: how long the create or delete of a zone takes, in milliseconds. Meanwhile the
   * list shows a `status` (docs/protocol.md#delays). 0: it takes no time.
   */
  slowOperationsMs: number;
  /** What record functions answer for a zone that is being created or deleted: an error, or an empty list. */
  slowRecords: 'error' | 'empty';
  /** The clock that `slowOperationsMs` uses: the sandbox's own, or the real one. */
  slowClock: 'sandbox' | 'real';
  /**
   * Whether the record lists of signed zones contain DNSSEC rows, which users cannot edit
   * (docs/protocol.md#signed-zones).
   */
  dnssecRows: boolean;
  /** Names that cannot become zones. Names below them cannot either (docs/protocol.md#dnsmanager). */
  restrictedNames: string[];
  /**
   * Versions 5/6: whether documents repeat the parameters, and have other additions
   * (docs/protocol.md#documents).
   */
  noise: boolean;
  /**
   * Versions 5/6: whether handlers get empty parameters as empty variables, or not at all
   * (docs/protocol.md#handlers-5).
   */
  emptyParams: 'exported' | 'absent';
  /**
   * DNSmanager: the column of the record list that contains the identifier (docs/protocol.md#record-list-5).
   */
  recordKeyColumn: 'rkey' | 'rtype_hidden';
  /**
   * The answer to the delete of a record whose identifier does not exist in the zone
   * (docs/protocol.md#dnsmanager, #partial-forms).
   */
  unknownRecord: 'missed' | 'ok';
  /**
   * DNSmanager: the elements in the answer to a `domain.edit` that succeeded (docs/protocol.md#dnsmanager).
   */
  createSays: 'both' | 'ok' | 'messages';
  /**
   * Versions 5/6: whether a write without a Referer of the panel itself is answered with the error
   * `referer_confirm`, until it is sent with `sok=yes` (docs/protocol.md#confirmation).
   */
  refererCheck: boolean;
  /** Like `refererCheck`, but the answer is `<doc func="confirm">` (docs/protocol.md#confirmation). */
  confirmWrites: boolean;
  /**
   * Whose writes `refererCheck` and `confirmWrites` concern: everyone's, or only writes with a session
   * (docs/protocol.md#confirmation).
   */
  confirmWhom: 'everyone' | 'sessions';
  /** Whether a session is valid only from the address that opened it (docs/protocol.md#login). */
  bindSessions: boolean;
  /**
   * Whether a restart reads the copies of the description files in `var/.xmlcache`, as long as that folder
   * exists (docs/protocol.md#files-5).
   */
  xmlCache: boolean;
  /**
   * Whether pages show the values that a plugin function sends with an error. If not, they keep what the user
   * typed. It is not known what version 5/6 does.
   */
  valuesBesideError: boolean;
  /** The exit status of mgrctl if the function answers with an error (docs/protocol.md#mgrctl). */
  mgrctlErrorExit: number;
}

const DEFAULTS: Switches = {
  absoluteNames: false,
  hosts: 'verbatim',
  errorTexts: true,
  authRefusal: 'own',
  restrictAuthinfo: false,
  sessionIdleMs: 30 * 60_000,
  clockOffsetMs: 0,
  banners: true,
  recordLimit: 0,
  filters: {},
  strayNames: [],
  filterStays: false,
  accessFirst: false,
  ignoreSu: false,
  ownerColumn: 'user',
  nsRequired: false,
  requireIp: false,
  defaultNs: 'ns1.panel.example. ns2.panel.example.',
  defaultMx: 'mail',
  defaultIp: '192.0.2.10',
  defaultHosts: ['@', 'www', 'mail', 'ftp', 'pop', 'smtp'],
  webHosts: ['www', 'ftp'],
  mailHosts: ['mail', 'pop', 'smtp'],
  defaultMxRecords: true,
  defaultSpf: true,
  ipRewrites: true,
  confirmDeletes: true,
  foreignZone: 6,
  refuseSubzones: true,
  groupFailure: 'stop',
  failElement: '',
  handlerNames: 'as-sent',
  deliver: 'as-requested',
  stripAuth: true,
  lengthToHandlers: 'counted',
  nulToHandlers: 'cut',
  repeatedSok: 'last',
  redrawSaves: false,
  fireNested: false,
  requestFires: true,
  serviceDeletes: 'records',
  handlerTimeoutMs: 60_000,
  killedBefore: 'refuse',
  exitStatus: 'ignored',
  strictModes: false,
  undoAfterError: false,
  blockNested: true,
  failLocal: {},
  failOuter: {},
  noEffect: [],
  lateVisibilityMs: 0,
  lateFor: 'everyone',
  slowOperationsMs: 0,
  slowRecords: 'error',
  slowClock: 'sandbox',
  dnssecRows: false,
  restrictedNames: [],
  noise: true,
  emptyParams: 'exported',
  recordKeyColumn: 'rkey',
  unknownRecord: 'missed',
  createSays: 'both',
  refererCheck: false,
  confirmWrites: false,
  confirmWhom: 'everyone',
  bindSessions: false,
  xmlCache: false,
  valuesBesideError: true,
  mgrctlErrorExit: 0,
};

export function defaultSwitches(): Switches {
  return structuredClone(DEFAULTS);
}

const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  hosts: ['verbatim', 'absolute'],
  authRefusal: ['own', 'authfail', 'code100', 'plain'],
  foreignZone: [3, 6],
  ownerColumn: ['user', 'owner', 'none'],
  groupFailure: ['stop', 'continue'],
  handlerNames: ['as-sent', 'unicode', 'punycode'],
  deliver: ['as-requested', 'get', 'post'],
  lengthToHandlers: ['counted', 'as-sent'],
  nulToHandlers: ['cut', 'left-out'],
  repeatedSok: ['last', 'any'],
  killedBefore: ['refuse', 'go-on'],
  exitStatus: ['ignored', 'error'],
  emptyParams: ['exported', 'absent'],
  recordKeyColumn: ['rkey', 'rtype_hidden'],
  unknownRecord: ['missed', 'ok'],
  createSays: ['both', 'ok', 'messages'],
  serviceDeletes: ['nothing', 'records', 'zone'],
  lateFor: ['everyone', 'mgrctl'],
  slowRecords: ['error', 'empty'],
  slowClock: ['sandbox', 'real'],
  confirmWhom: ['everyone', 'sessions'],
};

function shape(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}

/**
 * Sets switches by name, either all of them or none.
 * @throws Error with the name of the first switch that does not exist or gets a wrong value
 */
export function setSwitches(switches: Switches, values: Readonly<Record<string, unknown>>): void {
  const present: Readonly<Record<string, unknown>> = { ...switches };
  for (const [name, value] of Object.entries(values)) {
    if (!Object.hasOwn(present, name)) throw new Error(`no switch ${name}`);
    const choices = CHOICES[name];
    if (choices !== undefined && !choices.includes(value))
      throw new Error(`${name}: one of ${choices.join(', ')}`);
    if (shape(value) !== shape(present[name]))
      throw new Error(`${name}: a ${shape(present[name])} is wanted`);
  }
  Object.assign(switches, structuredClone(values));
}

/**
 * Parses `name=value` from a command line. A value that is no JSON is taken as a string.
 * @throws Error when there is no `=`
 */
export function parseSwitch(text: string): Record<string, unknown> {
  const cut = text.indexOf('=');
  if (cut < 1) throw new Error(`a switch is name=value, not ${text}`);
  const value = text.slice(cut + 1);
  try {
    return { [text.slice(0, cut)]: JSON.parse(value) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { [text.slice(0, cut)]: value };
  }
}
