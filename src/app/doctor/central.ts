import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CentralError, type CallContext, type Central } from '../../core/central.ts';
import { describeInFull } from '../../core/describe.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import type { Settings } from '../../config/settings.ts';
import { bareHost, peerOf } from '../../net/addresses.ts';
import { probeCertificate } from '../../net/connect.ts';
import { HttpError } from '../../net/http-error.ts';
import { centralModule } from '../../centrals/registry.ts';
import { SettingsRefused } from '../../centrals/connection.ts';
import { countZones } from '../check/central-zones.ts';
import { nextPassword } from '../next-password.ts';
import { inWords } from '../problems.ts';
import { foundCentral } from '../wiring/found-central.ts';
import { nameServersNeeded } from '../check/name-servers-needed.ts';
import { withCertificate } from '../check/shown-certificate.ts';
import { wireCentral, wirePanel } from '../wiring/wire.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';
import { own } from '../../dns/own.ts';

const day = 86_400_000;

/**
 * Checks the connection to the central step by step: name, connection, certificate, login, rights. Reports
 * the first step that fails.
 * @param wall wall clock, milliseconds since 1970
 */
export async function checkConnection(settings: Settings, root: string, wall: number): Promise<Finding[]> {
  const { hostname } = new URL(settings.address);
  const name = await resolveName(hostname);
  if (name !== null) return [name];
  // The first login uses the account's settings. If they do not name the panel's address and kind, this login
  // finds them.
  const account = await checkAccount(settings, root);
  const { address } = foundCentral(root, settings) ?? settings;
  return isEncrypted(address, settings)
    ? [...(await checkCertificate(address, settings.deadline, wall)), ...account]
    : account;
}

/** Whether the connection uses TLS, so that there is a certificate to check. */
function isEncrypted(address: string, { dns }: Settings): boolean {
  const { protocol } = new URL(address);
  return protocol === 'https:' || (protocol === 'dns:' && dns.transport === 'tls');
}

async function resolveName(hostname: string): Promise<Finding | null> {
  if (isIP(bareHost(hostname)) !== 0) return null;
  try {
    await lookup(hostname);
    return null;
  } catch (error) {
    const text = `the name ${hostname} cannot be resolved (${error instanceof Error ? error.message : String(error)})`;
    return problemFound('central', text, 'correct "host" in the settings, or the name servers of this host');
  }
}

async function checkCertificate(address: string, deadline: number, wall: number): Promise<Finding[]> {
  const url = new URL(address);
  try {
    const { validTo } = await probeCertificate(peerOf(url, 443), AbortSignal.timeout(deadline));
    const left = Math.floor((Date.parse(validTo) - wall) / day);
    if (left > 14) return [];
    const text = `the certificate of ${url.host} is valid until ${validTo} (${left} days)`;
    return [warning('central', text, 'tell the provider')];
  } catch (error) {
    // `checkAccount` reports the same failure, together with what the administrator can do.
    if (error instanceof HttpError) return [];
    throw error;
  }
}

async function checkAccount(settings: Settings, root: string): Promise<Finding[]> {
  const started = performance.now();
  const ctx: CallContext = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  try {
    const central = await wireCentral(settings, root);
    try {
      await central.check(ctx);
      const { text: zones, listed, noneOfThePanels } = await countZones(central, root, ctx);
      const ms = Math.round(performance.now() - started);
      const { address, kind } = foundCentral(root, settings) ?? settings;
      const { title, withoutZones = accountWayOut } = centralModule(kind);
      const text = `${title} at ${address} as ${settings.username}: ${zones}, answered in ${ms} ms`;
      const rotated = central.usesNextPassword()
        ? [note('central', inWords([nextPassword]), 'otherwise every start costs one refused login')]
        : [];
      return [
        ...rotated,
        noneOfThePanels ? warning('central', text, withoutZones) : ok('central', text),
        ...(await checkConcerns(central, listed, settings, root)),
      ];
    } finally {
      await central.close();
    }
  } catch (error) {
    if (error instanceof SettingsRefused) return error.problems.map((one) => failed(one, settings.kind));
    if (!(error instanceof CentralError)) throw error;
    return (await withCertificate(error, settings)).map((one) => failed(one, settings.kind));
  }
}

/**
 * Finds faults that make edits succeed without being served. Has its own time limit, because earlier checks
 * may have used up theirs.
 */
async function checkConcerns(
  central: Central,
  zones: readonly DnsName[],
  settings: Settings,
  root: string,
): Promise<Finding[]> {
  const ctx: CallContext = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  const concerns = (await central.concerns(zones, ctx)).map((one) => {
    const found = centralModule(settings.kind).notes?.has(one.code) === true ? note : warning;
    return found('central', inWords([one]), wayOut(one.code, settings.kind));
  });
  const panelCtx: CallContext = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  const needed = await nameServersNeeded(settings, await wirePanel(root), panelCtx);
  return needed === null ? concerns : [failed(needed, settings.kind), ...concerns];
}

function failed(one: Problem, kind: Settings['kind']): Finding {
  const text = `${describeInFull(one, 'en')} [${one.code}]`;
  return problemFound('central', text, wayOut(one.code, kind));
}

function wayOut(code: string, kind: Settings['kind']): string {
  return own(centralModule(kind).waysOut, code) ?? own(waysOut, code) ?? 'see docs/messages.md';
}

const waysOut: Readonly<Record<string, string>> = {
  'central.unreachable':
    'look whether this host may reach it (firewall, proxy), and whether it runs: ask the provider',
  'central.certificate':
    'open "DNS sync" in the panel\'s menu, press OK and compare the fingerprint shown with what the provider tells you',
  'central.certificate-shown': 'trust it only if the provider confirms the fingerprint',
  'central.login': 'correct user name and password: "DNS sync" in the panel\'s menu',
  'central.wrong-kind': 'take "kind" out of the settings: then it is found out',
  'central.garbled': 'look whether "host" is really the address of the provider\'s panel',
  'central.list-cut': "ask the provider to lift the record limit or the filter of the account's lists",
  'central.clock': 'set the clock of this host (systemctl status systemd-timesyncd), or tell the provider',
  'central.access-denied': 'ask the provider to allow the account its domains',
};

const accountWayOut =
  'look whether "username" is the right account; zones that are copies there (slave) do not count: ask the provider to make them primary';
