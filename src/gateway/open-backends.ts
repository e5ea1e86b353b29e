import { centralModule } from '../centrals/registry.ts';
import type { Central } from '../core/central.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { GatewaySettings } from './settings.ts';

/** The parts of the settings that are about name servers. */
type BackendSettings = Pick<GatewaySettings, 'backend' | 'furtherBackends'>;

/**
 * Makes the centrals of all name servers, by name; the empty name is the section `[backend]`. Sends nothing.
 * @throws {SettingsRefused}
 */
export async function openBackends(
  { backend, furtherBackends }: BackendSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<ReadonlyMap<string, Central>> {
  // Only a central that is a panel has something to remember, and no backend is a panel.
  const memory = { get: () => null, put: () => undefined };
  const centrals = new Map<string, Central>();
  for (const [name, one] of [['', backend] as const, ...furtherBackends])
    centrals.set(name, await centralModule(one.kind).open(one, { clock, log, memory }));
  return centrals;
}

/** How long a request of a client may take, milliseconds: the longest time of all name servers. */
export function requestTime({ backend, furtherBackends }: BackendSettings): number {
  return Math.max(...[backend, ...furtherBackends.values()].map(({ timeout }) => timeout));
}
