import { problemFound, ok, warning, type Finding } from '../../../app/doctor/finding.ts';
import { inWords } from '../../../app/problems.ts';
import { systemClock } from '../../../app/wiring/clock.ts';
import { SettingsRefused } from '../../../centrals/connection.ts';
import { centralModule } from '../../../centrals/registry.ts';
import { CentralError } from '../../../core/central.ts';
import type { DnsName } from '../../../dns/name.ts';
import { own } from '../../../dns/own.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';

const check = 'name server';

/** At most so many zones are looked at for faults of the name server's own settings. */
const mostZones = 50;

/** What was found, and the zones that the name server has; null: they could not be listed. */
interface AtBackend {
  readonly findings: readonly Finding[];
  readonly zones: readonly DnsName[] | null;
}

/**
 * Logs in at the name server, lists its zones, and looks for settings of it that keep edits from being
 * served.
 * @param owned zones that somebody has. A name server that shows no list is asked for these
 */
export async function checkBackend(
  { backend }: GatewaySettings,
  owned: readonly DnsName[],
): Promise<AtBackend> {
  const { title, waysOut } = centralModule(backend.kind);
  const wayOut = (code: string): string => own(waysOut, code) ?? 'see docs/messages.md';
  const began = performance.now();
  try {
    const ports = {
      clock: systemClock,
      log: () => undefined,
      memory: { get: () => null, put: () => undefined },
    };
    const central = await centralModule(backend.kind).open(backend, ports);
    try {
      const ctx = (): { signal: AbortSignal; operation: string } => ({
        signal: AbortSignal.timeout(backend.timeout),
        operation: '-',
      });
      await central.check(ctx());
      const zones = await central.listZones(owned, ctx());
      const ms = Math.round(performance.now() - began);
      const concerns = await central.concerns(zones.slice(0, mostZones), ctx());
      return {
        zones,
        findings: [
          ok(check, `${title} at ${backend.address} accepts the login: ${zones.length} zones, ${ms} ms`),
          ...concerns.map((one) => warning(check, inWords([one]), wayOut(one.code))),
        ],
      };
    } finally {
      await central.close();
    }
  } catch (error) {
    const problems =
      error instanceof SettingsRefused
        ? error.problems
        : error instanceof CentralError
          ? [error.problem]
          : null;
    if (problems === null) throw error;
    return {
      zones: null,
      findings: problems.map((one) => problemFound(check, inWords([one]), wayOut(one.code))),
    };
  }
}
