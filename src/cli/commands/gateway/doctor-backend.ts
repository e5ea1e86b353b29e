import { problemFound, ok, warning, type Finding } from '../../../app/doctor/finding.ts';
import { inWords } from '../../../app/problems.ts';
import { systemClock } from '../../../app/wiring/clock.ts';
import { SettingsRefused } from '../../../centrals/connection.ts';
import { centralModule } from '../../../centrals/registry.ts';
import { CentralError, type CallContext, type Central } from '../../../core/central.ts';
import type { Problem } from '../../../dns/problem.ts';
import { own } from '../../../dns/own.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';
import type { Storage } from '../../../gateway/storage/storage.ts';
import { compareOwners } from '../../../gateway/work/compare-owners.ts';
import { checkZoneOwners } from './doctor-storage.ts';

const check = 'name server';

/** At most so many zones are looked at for faults of the name server's own settings. */
const mostZones = 50;

/**
 * Logs in at the name server, compares its zones with their owners, and looks for settings of it that keep
 * edits from being served.
 * @param storage null: the database cannot be read
 */
export async function checkBackend(
  { backend }: GatewaySettings,
  storage: Storage | null,
): Promise<readonly Finding[]> {
  const { title, waysOut, open } = centralModule(backend.kind);
  const found = (problems: readonly Problem[], make: typeof warning): readonly Finding[] =>
    problems.map((one) => make(check, inWords([one]), own(waysOut, one.code) ?? 'see docs/messages.md'));
  const memory = { get: () => null, put: () => undefined };
  const began = performance.now();
  try {
    const central = await open(backend, { clock: systemClock, log: () => undefined, memory });
    const ctx = (): CallContext => ({ signal: AbortSignal.timeout(backend.timeout), operation: '-' });
    try {
      await central.check(ctx());
      const ms = Math.round(performance.now() - began);
      return [
        ok(check, `${title} at ${backend.address} accepts the login, ${ms} ms`),
        ...(storage === null ? [] : checkZoneOwners(await compareOwners(storage, central, ctx()))),
        ...found(storage === null ? [] : await concernsOf(storage, central, ctx()), warning),
      ];
    } finally {
      await central.close();
    }
  } catch (error) {
    if (error instanceof SettingsRefused) return found(error.problems, problemFound);
    if (error instanceof CentralError) return found([error.problem], problemFound);
    throw error;
  }
}

async function concernsOf(storage: Storage, central: Central, ctx: CallContext): Promise<readonly Problem[]> {
  const owned = (await storage.allZones()).filter(({ isPending }) => !isPending);
  const zones = owned.slice(0, mostZones).map(({ zone }) => zone);
  return await central.concerns(zones, ctx);
}
