import { centralKinds } from '../centrals/registry.ts';

/** One setting, described once: reading, defaults and documentation come from here. */
export interface Option {
  readonly section: string;
  readonly option: string;
  /** `seconds`, `level` and `count` (of days, of MiB) are whole numbers within the bounds. */
  readonly kind: 'text' | 'secret' | 'seconds' | 'level' | 'count' | 'choice';
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

/** The first choice is the default. */
function choice(section: string, option: string, choices: readonly string[], help: string): Option {
  return { section, option, kind: 'choice', fallback: choices[0] ?? '', choices, help };
}

export const options: readonly Option[] = [
  text(
    'isp_master',
    'host',
    'Address of the central: host, host:port or https:// address. Empty: not configured.',
  ),
  text(
    'isp_master',
    'username',
    'User name of the account at the central; PowerDNS: the account that its zones are marked with; rfc2136: name of the TSIG key.',
  ),
  {
    section: 'isp_master',
    option: 'password',
    kind: 'secret',
    fallback: '',
    help: 'Its password; PowerDNS: the API key; rfc2136: the secret of the TSIG key.',
  },
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
    choices: ['auto', ...centralKinds],
    help: 'What the central is (ispmanager6 is 5 as well, dnsmanager 5 and 6; rfc2136: BIND, Knot); auto: which panel is found out and remembered.',
  },
  choice(
    'isp_master',
    'login',
    ['authinfo', 'session'],
    'How to log in at a panel: name and password with every call, or a session.',
  ),
  choice(
    'isp_master',
    'algorithm',
    ['hmac-sha256', 'hmac-sha384', 'hmac-sha512', 'hmac-sha1', 'hmac-md5'],
    'rfc2136: algorithm of the TSIG key. The last two are weak: only where the server has no better.',
  ),
  choice(
    'isp_master',
    'transport',
    ['tcp', 'tls', 'udp'],
    'rfc2136: how the name server is spoken to. tls: port 853, certificate checked as for https.',
  ),
  choice(
    'isp_master',
    'axfr',
    ['no', 'yes'],
    'rfc2136: whether whole zones may be read by zone transfer, for comparisons.',
  ),
  text(
    'isp_master',
    'nameservers',
    'PowerDNS: name servers of new zones, with commas between. Empty: those the panel gives the zone.',
  ),
  choice('isp_master', 'zone_kind', ['native', 'master'], 'PowerDNS: kind of new zones.'),
  text(
    'verify',
    'servers',
    'Name servers (address or address:port, with commas between) that are asked until they answer the new data. Empty: none.',
  ),
  choice(
    'verify',
    'mode',
    ['background', 'strict'],
    'strict: an edit is refused when the name servers do not answer it in time; background: told in the status.',
  ),
  {
    ...seconds('limit', 60, 1, 86_400, 'How long the name servers may take in the background.'),
    section: 'verify',
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
  choice('log', 'format', ['text', 'json'], 'One line of words per event, or one JSON object.'),
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
  choice(
    'sync',
    'owner_check',
    ['on', 'off'],
    'on: a plain user has only his own zones changed at the central before the panel has accepted the edit; off: the panel is known to check that before it calls a handler.',
  ),
  {
    section: 'history',
    option: 'keep',
    kind: 'count',
    fallback: '180',
    least: 1,
    most: 36_500,
    help: 'Days for which operations that have ended are kept in the journal.',
  },
  {
    section: 'history',
    option: 'most',
    kind: 'count',
    fallback: '100',
    least: 1,
    most: 1_048_576,
    help: 'MiB of ended operations in the journal above which older ones are dropped sooner.',
  },
  text('contact', 'support', 'Whom a user should ask; shown in every refusal.'),
];
