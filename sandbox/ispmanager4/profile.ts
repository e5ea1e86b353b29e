import { randomInt } from 'node:crypto';
import { ISPMANAGER4_FUNCTIONS } from './functions.ts';
import { render } from './output.ts';
import { ISPMANAGER4_SKIN } from './skin.ts';
import { PYTHON_LIBRARY } from './python-library.ts';
import { recordKey } from '../shared/records.ts';
import { Refusal, refusalDocument } from '../shared/refusal.ts';
import { element } from '../shared/xml.ts';
import type { Profile } from '../shared/profile.ts';
import type { Level } from '../shared/types.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function readLevel(text: string | undefined): Level {
  if (text === '7') return 7;
  return text === '6' ? 6 : 5;
}

/** The profile of ISPmanager 4. */
export const ispmanager4Profile: Profile = {
  generation: 'v4',
  panel: 'ispmgr',
  // The panel's own web server also answers at `/` (docs/protocol.md#addresses).
  paths: new Set(['/manager/ispmgr', '/manager/ispmgr/core', '/ispmgr', '/']),
  path: '/manager/ispmgr',
  functions: ISPMANAGER4_FUNCTIONS,
  plugins: {
    folder: 'etc',
    pattern: /^ispmgr_mod_.+\.xml$/u,
    funcOf: (node) => node.text.trim(),
    levelOf: readLevel,
    forbiddenMode: 0o077,
    registered: null,
    bodyOnRequest: false,
    functionsBlock: true,
    skipsToDocument: true,
    environment: (event, stage, { recordLimit }) => {
      const named: Record<string, string> = {
        PATH,
        AUTHID: event.caller.session,
        REMOTE_USER: event.caller.name,
        SESSION_LEVEL: String(event.caller.level),
        SESSION_LANG: event.params.get('lang') ?? event.lang ?? 'en',
        RECORDLIMIT: String(recordLimit > 0 ? recordLimit : 1000),
        MGR: 'ispmgr',
        MGR_DISTRIBUTION: 'ISPmanager-Lite',
        MGR_VERSION: '4.4.10.25',
        MSG_OSNAME: 'Debian',
        LICID: '100000',
      };
      return stage === null ? named : { ...named, HANDLER_STAGE: stage };
    },
  },
  cookieName: 'ispmgr4',
  cookieValue: (session, lang) => `sirius:${lang}:${session}`,
  cookieSession: (parts) => parts.at(-1),
  newSession: () => String(randomInt(1_000_000_000, 2_000_000_000)),
  cookieLang: (parts) => parts('ispmgr4')?.at(-2),
  langCookie: null,
  loggedIn: (session) => element('doc', [element('auth', session, { id: session })]),
  loginFailed: () => element('doc', [element('authfail')]),
  credentialsRefused: () => refusalDocument(new Refusal(100, {}, 'access deny'), true),
  levels: { 5: '5', 6: '6', 7: '7' },
  levelShown: ({ level }) => String(level),
  userObject: 'user',
  localUser: null,
  hasBanners: true,
  switches: {},
  files: {
    'etc/ispmgr.conf': '// ISPmanager 4 (sandbox)\nOption Autorestart\nDefaultTTL 3600\n',
    'lib/python/mgr.py': PYTHON_LIBRARY,
  },
  folders: ['lib/python'],
  mgrctl: {
    usage: 'usage: mgrctl [-m panel] [-o xml|text|json] func [name=value ...]\n',
    formats: ['xml', 'text', 'json'],
    hasControl: false,
  },
  skin: ISPMANAGER4_SKIN,
  hasModules: false,
  hasEventList: false,
  recordKey,
  render,
};
