import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CentralError, type CallContext, type Central } from '../../core/central.ts';
import { describeProblem, technicalCause } from '../../core/describe.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import type { Settings } from '../../config/settings.ts';
import { probeCertificate } from '../../net/connect.ts';
import { HttpError } from '../../net/http-error.ts';
import { centralKindNames } from '../../net/central-kind.ts';
import { countZones } from '../check/central-zones.ts';
import { foundCentral } from '../wiring/found-central.ts';
import { nameServersNeeded } from '../check/name-servers-needed.ts';
import { SettingsRefused, wireCentral, wirePanel } from '../wiring/wire.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';
import { own } from '../../dns/own.ts';

const day = 86_400_000;

/** The way to the central, step by step, so that the first one that fails is told: name, connection, certificate, login, rights. */
export async function lookAtCentral(settings: Settings, root: string, wall: number): Promise<Finding[]> {
  const { hostname } = new URL(settings.address);
  const name = await lookUp(hostname);
  if (name !== null) return [name];
  // The account first: it finds out which panel it is, and where, if the settings leave that open.
  const account = await lookAtAccount(settings, root);
  const { address } = foundCentral(root, settings) ?? settings;
  return isEncrypted(address, settings)
    ? [...(await lookAtCertificate(address, settings.deadline, wall)), ...account]
    : account;
}

/** Whether there is a certificate to look at. */
function isEncrypted(address: string, { dns }: Settings): boolean {
  const { protocol } = new URL(address);
  return protocol === 'https:' || (protocol === 'dns:' && dns.transport === 'tls');
}

async function lookUp(hostname: string): Promise<Finding | null> {
  if (isIP(hostname.replace(/^\[(.*)\]$/u, '$1')) !== 0) return null;
  try {
    await lookup(hostname);
    return null;
  } catch (error) {
    const text = `the name ${hostname} cannot be resolved (${error instanceof Error ? error.message : String(error)})`;
    return problemFound('central', text, 'correct "host" in the settings, or the name servers of this host');
  }
}

async function lookAtCertificate(address: string, deadline: number, wall: number): Promise<Finding[]> {
  const url = new URL(address);
  const peer = {
    host: url.hostname.replace(/^\[(.*)\]$/u, '$1'),
    port: Number(url.port === '' ? 443 : url.port),
  };
  try {
    const { validTo } = await probeCertificate(peer, AbortSignal.timeout(deadline));
    const left = Math.floor((Date.parse(validTo) - wall) / day);
    if (left > 14) return [];
    const text = `the certificate of ${url.host} is valid until ${validTo} (${left} days)`;
    return [warning('central', text, 'tell the provider')];
  } catch (error) {
    // The account's look tells the same failure with its way out.
    if (error instanceof HttpError) return [];
    throw error;
  }
}

async function lookAtAccount(settings: Settings, root: string): Promise<Finding[]> {
  const started = performance.now();
  const ctx: CallContext = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  try {
    const central = await wireCentral(settings, root);
    try {
      await central.check(ctx);
      const { text: zones, listed, noneOfThePanels } = await countZones(central, root, ctx);
      const ms = Math.round(performance.now() - started);
      const { address, kind } = foundCentral(root, settings) ?? settings;
      const text = `${kind === 'auto' ? 'a panel' : centralKindNames[kind]} at ${address} as ${settings.username}: ${zones}, answered in ${ms} ms`;
      return [
        noneOfThePanels
          ? warning('central', text, central.traits.listsZones ? accountWayOut : zonesWayOut)
          : ok('central', text),
        ...(await lookAtConcerns(central, listed, settings, root)),
      ];
    } finally {
      await central.close();
    }
  } catch (error) {
    if (error instanceof SettingsRefused) return error.problems.map((one) => failed(one, settings.kind));
    if (error instanceof CentralError) return [failed(error.problem, settings.kind)];
    throw error;
  }
}

/** What edits do not fail for, and the public does not see. It has a time of its own: a server that is slow has answered by now. */
async function lookAtConcerns(
  central: Central,
  zones: readonly DnsName[],
  settings: Settings,
  root: string,
): Promise<Finding[]> {
  const ctx: CallContext = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  const concerns = (await central.concerns(zones, ctx)).map((one) => {
    const found = one.code === 'powerdns.not-all-zones' ? note : warning;
    return found('central', `${describeProblem(one, 'en')} [${one.code}]`, wayOut(one.code, settings.kind));
  });
  const panelCtx: CallContext = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  const needed = await nameServersNeeded(settings, await wirePanel(root), panelCtx);
  return needed === null ? concerns : [failed(needed, settings.kind), ...concerns];
}

function failed(one: Problem, kind: Settings['kind']): Finding {
  const cause = technicalCause(one, 'en');
  const said = describeProblem(one, 'en');
  const text = cause === '' ? said : `${said} (${cause})`;
  return problemFound('central', `${text} [${one.code}]`, wayOut(one.code, kind));
}

function wayOut(code: string, kind: Settings['kind']): string {
  const particular =
    kind === 'rfc2136' ? own(keyWaysOut, code) : kind === 'powerdns' ? own(apiWaysOut, code) : undefined;
  if (kind === 'auto' && code === 'central.unreachable')
    return `${waysOut['central.unreachable'] ?? ''}; a name server has to be named by its "kind"`;
  return particular ?? own(waysOut, code) ?? 'see docs/messages.md';
}

const waysOut: Readonly<Record<string, string>> = {
  'central.unreachable':
    'look whether this host may reach it (firewall, proxy), and whether it runs: ask the provider',
  'central.certificate':
    'open "DNS sync" in the panel\'s menu, press OK and compare the fingerprint shown with what the provider tells you',
  'central.login': 'correct user name and password: "DNS sync" in the panel\'s menu',
  'central.wrong-kind': 'take "kind" out of the settings: then it is found out',
  'central.garbled': 'look whether "host" is really the address of the provider\'s panel',
  'central.list-cut': "ask the provider to lift the record limit or the filter of the account's lists",
  'central.clock': 'set the clock of this host (systemctl status systemd-timesyncd), or tell the provider',
  'central.access-denied': 'ask the provider to allow the account its domains',
};

const zonesWayOut =
  'ask the provider whether "host" is the primary, and to let the key update these zones, the name _domainsync in them too (docs/centrals.md)';

const accountWayOut =
  'look whether "username" is the right account; zones that are copies there (slave) do not count: ask the provider to make them primary';

/** Where the central is a name server and a TSIG key is what opens it. */
const keyWaysOut: Readonly<Record<string, string>> = {
  'central.login': 'compare name, secret and "algorithm" of the TSIG key with what the provider has',
  'central.wrong-kind': 'look whether "host" is the primary name server, and whether it takes updates at all',
  'central.garbled': 'look whether "host", its port and "transport" are those of the primary name server',
  'central.access-denied': zonesWayOut,
  'central.query-refused':
    'ask the provider to let this host or the key query its zones: allow-query in the options, view or zone (docs/centrals.md)',
};

/** PowerDNS. */
const apiWaysOut: Readonly<Record<string, string>> = {
  'central.login': 'compare "password" with the API key of the server',
  'central.wrong-kind':
    'look whether "host" is the address of the HTTP API of a PowerDNS Authoritative Server',
  'central.garbled': 'look whether "host" is the address of the HTTP API of a PowerDNS Authoritative Server',
  'central.access-denied': 'ask the provider to let this host in (webserver-allow-from)',
  'central.zone-failing': 'ask the provider to run "pdnsutil check-zone ZONE": it names the record',
  'powerdns.no-flush': 'let the proxy in front of the API pass PUT .../cache/flush (docs/centrals.md)',
  'powerdns.not-all-zones':
    'run the doctor again at a quiet hour; the hourly comparisons read all of the panel\'s, and "domainsync zones" names those that fail',
  'powerdns.zone-without-ns':
    'add them: pdnsutil add-record ZONE @ NS 3600 ns1.example.net.; set "nameservers" for new zones',
  'settings.nameservers-needed': 'set "nameservers" in that section, with commas between',
};
