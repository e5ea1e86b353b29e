import { randomBytes } from 'node:crypto';
import { element } from '../shared/xml.ts';
import { errorElement } from './errors.ts';
import { ispmanager5Functions } from './functions.ts';
import { render } from './output.ts';
import { ispmanager5Key } from './records.ts';
import { DNSMGR_SKIN, V5_SKIN, V6_SKIN } from './skin.ts';
import type { Generation } from '../shared/dialects.ts';
import type { Event } from '../shared/event.ts';
import type { Profile } from '../shared/profile.ts';
import type { Switches } from '../shared/switches.ts';
import type { Identity, Level } from '../shared/types.ts';
import type { Element } from '../shared/xml.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The numbers that version 5/6 uses for the access levels user, reseller and administrator. */
const LEVELS: Readonly<Record<Level, string>> = { 5: '16', 6: '24', 7: '29' };
/** The access level of the host's superuser, and of calls by mgrctl. */
const SUPER = '30';
const ROOT = 'root';

/** Group functions whose names do not end with `.delete`. */
const GROUPS = new Set(['domain.refresh', 'domain.autorecords', 'emaildomain.restore_mx']);

const SKINS = { v5: V5_SKIN, v6: V6_SKIN, dnsmgr: DNSMGR_SKIN };

function readLevel(text: string | undefined): Level {
  const word = (text ?? '').replace(/\+$/u, '');
  if (word === 'admin' || word === 'super' || Number(word) >= 29) return 7;
  return word === 'reseller' || Number(word) >= 24 ? 6 : 5;
}

function levelShown({ name, level, isHost }: Identity): string {
  return isHost === true || (level === 7 && name === ROOT) ? SUPER : LEVELS[level];
}

/**
 * The environment of a handler: `PARAM_*`, `AUTH_*` and `HTTP_*` (docs/protocol.md#handlers-5). The switches
 * `emptyParams` and `nulToHandlers` say what happens to empty values and NUL octets. For a group function,
 * `PARAM_elids` also holds the list.
 */
function environment(event: Event, switches: Switches): Record<string, string> {
  const named: Record<string, string> = {
    PATH,
    AUTH_USER: event.caller.name,
    AUTH_LEVEL: levelShown(event.caller),
    PARAM_func: event.func,
  };
  for (const [name, value] of Object.entries(event.headers))
    named[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`] = value;
  for (const { name, value } of event.params.entries) {
    // A value in the environment is a C string, which ends at a NUL octet.
    const isCut = name.includes('\0') || value.includes('\0');
    if (name === 'func' || (isCut && switches.nulToHandlers === 'left-out')) continue;
    if (value !== '' || switches.emptyParams === 'exported')
      named[`PARAM_${untilNul(name)}`] = untilNul(value);
  }
  const elid = event.params.get('elid') ?? '';
  const isGroup = event.func.endsWith('.delete') || GROUPS.has(event.func);
  if (isGroup && elid !== '') named['PARAM_elids'] = elid;
  return named;
}

function untilNul(text: string): string {
  return text.split('\0', 1)[0] ?? '';
}

function loginFailed(): Element {
  const text = 'Invalid username or password';
  return element('doc', [
    errorElement('auth', 'badpassword', text, { func: 'auth', user: '', level: '0', lang: 'en' }),
  ]);
}

/** The profile of ISPmanager 5 or 6, or of DNSmanager 5/6 (docs/protocol.md#generations). */
export function ispmanager5Profile(generation: Exclude<Generation, 'v4'>): Profile {
  const panel = generation === 'dnsmgr' ? 'dnsmgr' : 'ispmgr';
  const paths = generation === 'dnsmgr' ? ['/dnsmgr', '/manager/dnsmgr', '/'] : ['/ispmgr', '/'];
  return {
    generation,
    panel,
    paths: new Set(paths),
    path: `/${panel}`,
    functions: ispmanager5Functions(generation),
    plugins: {
      folder: 'etc/xml',
      pattern: new RegExp(`^${panel}_mod_.+\\.xml$`, 'u'),
      funcOf: (node) => node.attributes['name'] ?? '',
      levelOf: readLevel,
      forbiddenMode: 0o027,
      registered: (handler, func) => `Register event '${handler}' for action '${func}'`,
      bodyOnRequest: true,
      functionsBlock: false,
      skipsToDocument: false,
      environment: (event, _stage, switches) => environment(event, switches),
    },
    cookieName: `${panel}ses5`,
    cookieValue: (session) => session,
    cookieSession: ([session]) => session,
    cookieLang: (parts) => parts(`${panel}lang5`)?.at(-1),
    langCookie: (lang) => `${panel}lang5=${encodeURIComponent(`orion:${lang}`)}`,
    newSession: () => randomBytes(12).toString('hex'),
    loggedIn: (session, level) => element('doc', [element('auth', session, { id: session, level })]),
    loginFailed,
    credentialsRefused: loginFailed,
    levels: LEVELS,
    levelShown,
    userObject: 'users',
    localUser: ROOT,
    hasBanners: false,
    switches: {
      sessionIdleMs: 60 * 60_000,
      bindSessions: true,
      xmlCache: true,
      blockNested: false,
      // This was seen with ISPmanager 5 (docs/protocol.md#handlers-5).
      ...(generation === 'v5' ? { emptyParams: 'absent' } : {}),
    },
    files: {
      [`etc/${panel}.conf`]: `// ${panel} (sandbox)\nDbType sqlite\nDbName etc/${panel}.db\n`,
      'bin/core': '#!/bin/sh\necho "the sandbox is not started by this file" >&2\nexit 1\n',
    },
    folders: ['bin', 'lib', `etc/plugins/${panel}`],
    mgrctl: {
      usage: `usage: mgrctl -m ${panel} [-u | -i [func] [lang=en] | -l | [-o text|xml|devel|json] [-R] func name=value ... [-e 'name=$ENV']]\n`,
      formats: ['text', 'xml', 'devel', 'json'],
      hasControl: true,
    },
    skin: SKINS[generation],
    hasModules: true,
    hasEventList: generation === 'v6',
    recordKey: (row, zone) => ispmanager5Key(row, zone),
    // Version 6 writes no blank lines between rows (docs/protocol.md#text-output).
    render: (doc, occasion, switches) =>
      render(doc, { panel, rowEnd: generation === 'v6' ? '\n' : '\n\n' }, occasion, switches),
  };
}
