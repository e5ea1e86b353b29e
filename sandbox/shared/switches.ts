/** How a call's local part is made to fail after `before` handlers accepted it. */
export interface LocalFailure {
  readonly code: number;
  readonly text?: string;
  /** How many more calls fail; absent: every one. */
  count?: number;
}

/** What docs/protocol.md leaves open or panels do differently; every field may be changed at any time. */
export interface Switches {
  /**
   * Record names in lists and keys: absolute with a dot instead of relative (docs/protocol.md#record-keys-4).
   */
  absoluteNames: boolean;
  /**
   * Host values in lists and keys: as they were typed, or made absolute (docs/protocol.md#record-keys-4,
   * #record-form-4).
   */
  hosts: 'verbatim' | 'absolute';
  /** Errors carry a text, or are empty elements (docs/protocol.md#errors-4). */
  errorTexts: boolean;
  /**
   * What a wrong login gets (docs/protocol.md#login-answers). As the panel does it, version 4 answers
   * `authfail` to `func=auth` and code 100 to wrong credentials in a call. The other choices are always what
   * `func=auth` gets, code 100, or the bare text `access deny`.
   */
  authRefusal: 'own' | 'authfail' | 'code100' | 'plain';
  /** Calls with `authinfo` are refused with the plain text (docs/protocol.md#login). */
  restrictAuthinfo: boolean;
  /** A session ends after this long without a call (docs/protocol.md#login). */
  sessionIdleMs: number;
  /** Added to the clock; moves sessions towards their end. */
  clockOffsetMs: number;
  /** Lists carry a `banner` between their elements (docs/protocol.md#documents). */
  banners: boolean;
  /** Lists are cut after so many rows, with a banner (docs/protocol.md#list-limits); 0: never. */
  recordLimit: number;
  /** Per user: `domain` lists only zones whose name contains this text. */
  filters: Record<string, string>;
  /** The administrator's list of domains also has rows of these names, which came there past every check. */
  strayNames: string[];
  /**
   * Versions 5 and 6, DNSmanager: the filter of a call with `filter=on` stays for later lists of the account
   * (docs/protocol.md#formats; open).
   */
  filterStays: boolean;
  /**
   * Whose a call on a zone is, is checked before the `before` handlers, or by the function itself (22; not
   * evidenced).
   */
  accessFirst: boolean;
  /**
   * Calls with `su` are carried out as the caller himself (docs/protocol.md#parameters; a panel that does not
   * know the parameter).
   */
  ignoreSu: boolean;
  /**
   * Versions 5 and 6, DNSmanager: the column of the `domain` list that names the owner
   * (docs/protocol.md#owners).
   */
  ownerColumn: 'user' | 'owner' | 'none';
  /** A new zone without `ns`: error code 4 instead of the panel's own name servers. */
  nsRequired: boolean;
  /** A new zone without `ip`: error code 4 instead of the panel's own address. */
  requireIp: boolean;
  /** The panel's own values, shown in the form for a new zone (docs/protocol.md#zone-form-4). */
  defaultNs: string;
  defaultMx: string;
  defaultIp: string;
  /** Labels that get an A record in a new zone; `@` is the zone itself. */
  defaultHosts: string[];
  /** Labels added when the WWW or mail option is on (docs/protocol.md#zone-form-4). */
  webHosts: string[];
  mailHosts: string[];
  /** A new zone has MX records, and an SPF text (docs/protocol.md#zone-form-4). */
  defaultMxRecords: boolean;
  defaultSpf: boolean;
  /**
   * Changing the `ip` of an existing zone also changes the A records that had the old one (unknown in 6.3).
   */
  ipRewrites: boolean;
  /**
   * `domain.delete.confirm` with `sok` deletes (docs/protocol.md#functions-4); otherwise it only answers ok.
   */
  confirmDeletes: boolean;
  /** Error code of a call on another account's zone (docs/protocol.md#accounts). */
  foreignZone: 3 | 6;
  /** A zone below or above another account's zone is refused with code 6 (docs/protocol.md#accounts). */
  refuseSubzones: boolean;
  /**
   * What happens after one element of a group failed (docs/protocol.md#groups): the rest is left, or tried as
   * well.
   */
  groupFailure: 'stop' | 'continue';
  /** An element of a group function with exactly this identifier is refused with code 1; empty: none. */
  failElement: string;
  /** Names as handlers get them (docs/protocol.md#names). */
  handlerNames: 'as-sent' | 'unicode' | 'punycode';
  /** How handlers get the parameters. */
  deliver: 'as-requested' | 'get' | 'post';
  /** `auth`, `authinfo` and `su` are kept from handlers (docs/protocol.md#handlers-4). */
  stripAuth: boolean;
  /**
   * Version 4: the length of a body as handlers get it: counted, or as the client wrote it, and none where it
   * wrote none (docs/protocol.md#handlers-4).
   */
  lengthToHandlers: 'counted' | 'as-sent';
  /**
   * Versions 5 and 6: a value with a NUL octet ends there in the environment of handlers, or is left out
   * (docs/protocol.md#handlers-5).
   */
  nulToHandlers: 'cut' | 'left-out';
  /** Which of several `sok` saves: the last one, or any that is not empty (docs/protocol.md#parameters). */
  repeatedSok: 'last' | 'any';
  /**
   * Versions 5 and 6: a record form is saved with `sok` even if it carries `sv_field`
   * (docs/protocol.md#parameters).
   */
  redrawSaves: boolean;
  /**
   * Calls that a function makes inside the panel run with their handlers: zones and records made by web, mail
   * and user functions (docs/protocol.md#stages-4). What `site.edit` calls runs with its handlers anyhow (9).
   */
  fireNested: boolean;
  /**
   * `domain.delete.request` with `sok` runs the handlers of `domain.delete`, whatever `fireNested` says (7.1,
   * 15; not evidenced).
   */
  requestFires: boolean;
  /** What goes from the zone with a web or mail domain of versions 5 and 6 (9; not evidenced). */
  serviceDeletes: 'nothing' | 'records' | 'zone';
  /** A handler is killed after so long (docs/protocol.md#after-errors). */
  handlerTimeoutMs: number;
  /** What a killed `before` handler means (docs/protocol.md#after-errors). */
  killedBefore: 'refuse' | 'go-on';
  /** A handler's exit status other than 0 (docs/protocol.md#handlers-4). */
  exitStatus: 'ignored' | 'error';
  /** Handlers that others than the owner may touch are refused (docs/protocol.md#files-4). */
  strictModes: boolean;
  /** The local change is undone after an `after` error (docs/protocol.md#after-errors). */
  undoAfterError: boolean;
  /**
   * A panel call made while a `before` or `after` handler runs waits until the handler is done
   * (docs/protocol.md#stages-4).
   */
  blockNested: boolean;
  /** The local part fails after `before`; per function, also one called inside the panel. */
  failLocal: Record<string, LocalFailure>;
  /**
   * A function fails after its inner calls, with their `after` handlers, succeeded; they are undone
   * (docs/protocol.md#stages-5).
   */
  failOuter: Record<string, LocalFailure>;
  /** Functions that answer ok and do nothing (docs/protocol.md#partial-forms); handlers are run. */
  noEffect: string[];
  /** A change becomes visible to reads only so much later (docs/protocol.md#delays). */
  lateVisibilityMs: number;
  /**
   * From whom changes stay hidden that long: from everyone, or from mgrctl only while the UI shows them
   * (docs/protocol.md#handlers-5).
   */
  lateFor: 'everyone' | 'mgrctl';
  /**
   * Versions 5 and 6: zones are made and deleted only so much later, with a `status` in the list until then
   * (docs/protocol.md#delays); 0: at once.
   */
  slowOperationsMs: number;
  /** What record functions of such a zone answer until then. */
  slowRecords: 'error' | 'empty';
  /** Which time that is: the sandbox's clock, or the real one. */
  slowClock: 'sandbox' | 'real';
  /**
   * Record lists show rows of signed zones, which cannot be edited or deleted
   * (docs/protocol.md#signed-zones).
   */
  dnssecRows: boolean;
  /** Names that nobody may make a zone of, nor one below (docs/protocol.md#dnsmanager). */
  restrictedNames: string[];
  /**
   * Versions 5 and 6: documents carry the echo of the parameters and other noise
   * (docs/protocol.md#documents).
   */
  noise: boolean;
  /**
   * Versions 5 and 6: empty parameters are exported to handlers as empty variables, or not at all
   * (docs/protocol.md#handlers-5).
   */
  emptyParams: 'exported' | 'absent';
  /** DNSmanager: the column of the record list that holds the identifier (docs/protocol.md#record-list-5). */
  recordKeyColumn: 'rkey' | 'rtype_hidden';
  /**
   * What the deletion of a record answers whose identifier the zone does not have
   * (docs/protocol.md#dnsmanager, #partial-forms).
   */
  unknownRecord: 'missed' | 'ok';
  /** DNSmanager: what a successful `domain.edit` answers (docs/protocol.md#dnsmanager). */
  createSays: 'both' | 'ok' | 'messages';
  /**
   * Versions 5 and 6: writes without a Referer of the panel itself are an error `referer_confirm` until sent
   * with `sok=yes` (docs/protocol.md#confirmation).
   */
  refererCheck: boolean;
  /** The same with the answer `<doc func="confirm">` instead of the error (docs/protocol.md#confirmation). */
  confirmWrites: boolean;
  /**
   * Whose writes are checked so: everybody's, or those with a session only (docs/protocol.md#confirmation).
   */
  confirmWhom: 'everyone' | 'sessions';
  /** Sessions are bound to the caller's address (docs/protocol.md#login). */
  bindSessions: boolean;
  /**
   * After the first start description files are read from the copies in `var/.xmlcache` until that folder is
   * removed (docs/protocol.md#files-5).
   */
  xmlCache: boolean;
  /**
   * The pages show values that a plugin's function sends beside an error, or keep what was typed (10.5 for
   * version 4, later unknown).
   */
  valuesBesideError: boolean;
  /** Exit status of mgrctl when the function answered with an error (docs/protocol.md#mgrctl). */
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
 * Sets switches by name, all or none.
 * @throws Error naming the first switch that does not exist or has a value of another kind
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
 * A switch from a command line, `name=value`; a value that is not JSON is taken as a string.
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
