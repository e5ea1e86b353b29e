import { problemFound, ok, warning, type Finding } from '../../../app/doctor/finding.ts';
import { inWords } from '../../../app/problems.ts';
import { systemClock } from '../../../app/wiring/clock.ts';
import { SettingsRefused } from '../../../centrals/connection.ts';
import { centralModule } from '../../../centrals/registry.ts';
import { CentralError, type CallContext, type Central } from '../../../core/central.ts';
import { own } from '../../../dns/own.ts';
import type { Problem } from '../../../dns/problem.ts';
import { openBackends } from '../../../gateway/open-backends.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';
import type { Storage, ZoneOwner } from '../../../gateway/storage/storage.ts';
import { compareOwners } from '../../../gateway/work/compare-owners.ts';
import { checkZoneOwners } from './doctor-storage.ts';

/** Maximum number of zones that are checked for faults in the name server's own settings. */
const mostZones = 50;

/**
 * Logs in at each name server and compares its zones with the owners that the database has. Also looks for
 * settings of the name servers that keep edits from being served.
 * @param storage null: the database cannot be read
 */
export async function checkBackends(
  settings: GatewaySettings,
  storage: Storage | null,
): Promise<readonly Finding[]> {
  const { centrals, refused } = await opened(settings);
  if (refused.length > 0) return refused;
  try {
    const owned = storage === null ? [] : (await storage.allZones()).filter(({ isPending }) => !isPending);
    const findings: Finding[] = [];
    for (const [name, central] of centrals) {
      const there = owned.filter(({ backend }) => backend === name);
      findings.push(...(await checkOne(name, backendOf(settings, name), central, there)));
    }
    const isComplete = storage !== null && findings.every(({ state }) => state !== 'problem');
    if (isComplete) {
      const ctx = contextOf(Math.max(...[...centrals.keys()].map((one) => backendOf(settings, one).timeout)));
      findings.push(...checkZoneOwners(await compareOwners(storage, centrals, ctx)));
    }
    return findings;
  } finally {
    for (const central of centrals.values()) await central.close();
  }
}

type BackendSettings = GatewaySettings['backend'];

async function opened(settings: GatewaySettings): Promise<{
  readonly centrals: ReadonlyMap<string, Central>;
  readonly refused: readonly Finding[];
}> {
  try {
    const centrals = await openBackends(settings, { clock: systemClock, log: () => undefined });
    return { centrals, refused: [] };
  } catch (error) {
    if (!(error instanceof SettingsRefused)) throw error;
    const refused = inFindings('', settings.backend, error.problems, problemFound);
    return { centrals: new Map(), refused };
  }
}

function backendOf({ backend, furtherBackends }: GatewaySettings, name: string): BackendSettings {
  return furtherBackends.get(name) ?? backend;
}

async function checkOne(
  name: string,
  backend: BackendSettings,
  central: Central,
  owned: readonly ZoneOwner[],
): Promise<Finding[]> {
  const began = performance.now();
  try {
    await central.check(contextOf(backend.timeout));
    const ms = Math.round(performance.now() - began);
    const zones = owned.slice(0, mostZones).map(({ zone }) => zone);
    const concerns = await central.concerns(zones, contextOf(backend.timeout));
    const { title } = centralModule(backend.kind);
    return [
      ok(checkName(name), `${title} at ${backend.address} accepts the login, ${ms} ms`),
      ...inFindings(name, backend, concerns, warning),
    ];
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    return inFindings(name, backend, [error.problem], problemFound);
  }
}

function contextOf(timeout: number): CallContext {
  return { signal: AbortSignal.timeout(timeout), operation: '-' };
}

function checkName(name: string): string {
  return name === '' ? 'name server' : `name server ${name}`;
}

function inFindings(
  name: string,
  { kind }: BackendSettings,
  problems: readonly Problem[],
  make: typeof warning,
): Finding[] {
  const { waysOut } = centralModule(kind);
  return problems.map((one) =>
    make(checkName(name), inWords([one]), own(waysOut, one.code) ?? 'see docs/messages.md'),
  );
}
