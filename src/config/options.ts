import { panelKinds } from '../net/ispmanager/panel-kind.ts';

/** One setting, described once: reading, defaults and documentation come from here. */
export interface Option {
  readonly section: string;
  readonly option: string;
  /** `seconds` and `level` are whole numbers within the bounds. */
  readonly kind: 'text' | 'secret' | 'seconds' | 'level' | 'choice';
  readonly fallback: string;
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly string[];
  readonly help: string;
}

function seconds(option: string, fallback: number, least: number, most: number, help: string): Option {
  return { section: 'sync', option, kind: 'seconds', fallback: String(fallback), least, most, help };
}

function text(section: string, option: string, help: string): Option {
  return { section, option, kind: 'text', fallback: '', help };
}

export const options: readonly Option[] = [
  text(
    'isp_master',
    'host',
    'Address of the central: host, host:port or https:// address. Empty: not configured.',
  ),
  text('isp_master', 'username', 'User name of the account at the central.'),
  { section: 'isp_master', option: 'password', kind: 'secret', fallback: '', help: 'Its password.' },
  text(
    'isp_master',
    'fingerprint',
    'SHA-256 fingerprint of the only certificate to trust, for a self-signed one.',
  ),
  text('isp_master', 'ca_file', 'File with the certificate authority to trust instead of the public ones.'),
  {
    section: 'isp_master',
    option: 'kind',
    kind: 'choice',
    fallback: 'auto',
    choices: ['auto', ...panelKinds],
    help: 'Which panel the central is (ispmanager6 is 5 as well, dnsmanager 5 and 6); auto: found out and remembered.',
  },
  {
    section: 'isp_master',
    option: 'login',
    kind: 'choice',
    fallback: 'authinfo',
    choices: ['authinfo', 'session'],
    help: 'How to log in: name and password with every call, or a session.',
  },
  {
    section: 'log',
    option: 'level',
    kind: 'level',
    fallback: '4',
    least: 1,
    most: 9,
    help: 'From 1 (errors) to 9.',
  },
  {
    section: 'log',
    option: 'format',
    kind: 'choice',
    fallback: 'text',
    choices: ['text', 'json'],
    help: 'One line of words per event, or one JSON object.',
  },
  seconds('deadline', 10, 2, 60, 'Longest time one edit may take in the panel.'),
  seconds(
    'after_wait',
    5,
    1,
    600,
    'After this time without word from the panel we look whether it kept an edit.',
  ),
  seconds('read_gap', 5, 1, 600, 'Time between the two looks that must agree before anything is undone.'),
  seconds('grace', 30, 1, 600, 'Nothing is undone this soon after a start.'),
  seconds('watch', 600, 0, 86_400, 'How long a write of unknown outcome may still land at the central.'),
  seconds(
    'compare_every',
    3_600,
    0,
    604_800,
    'How often everything is compared; 0 = only when something points to it.',
  ),
  text('contact', 'support', 'Whom a user should ask; shown in every refusal.'),
];
