import { CentralError, type CallContext, type CentralId } from '../../core/central.ts';
import type { Settings } from '../../config/settings.ts';
import { inWords } from '../problems.ts';
import { wireCentral, wirePanel } from '../wiring/wire.ts';
import { countZones } from './central-zones.ts';
import { nameServersNeeded } from './name-servers-needed.ts';
import { withCertificate } from './shown-certificate.ts';

/** The result of testing one central. */
export type CheckReport =
  | {
      readonly ok: true;
      readonly central: CentralId;
      readonly zones: number;
      /** How long the test took, milliseconds. */
      readonly ms: number;
      /** The number of the account's zones as a text. */
      readonly text: string;
      /** Whether the central refused the password of the settings, and accepted the next one. */
      readonly nextPassword: boolean;
    }
  | { readonly ok: false; readonly central: CentralId; readonly problem: string };

/**
 * Tests connection, login and rights at the central of these settings, counts its zones, and checks that new
 * zones would get name servers.
 * @throws {SettingsRefused}
 */
export async function checkCentral(settings: Settings, root: string): Promise<CheckReport> {
  const started = performance.now();
  const ctx: CallContext = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  const central = await wireCentral(settings, root);
  const failed = (problem: string): CheckReport => ({ ok: false, central: central.id, problem });
  try {
    await central.check(ctx);
    const { zones, text } = await countZones(central, root, ctx);
    const needed = await nameServersNeeded(settings, await wirePanel(root), ctx);
    if (needed !== null) return failed(inWords([needed]));
    const ms = Math.round(performance.now() - started);
    return { ok: true, central: central.id, zones, ms, text, nextPassword: central.usesNextPassword() };
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    return failed(inWords(await withCertificate(error, settings)));
  } finally {
    await central.close();
  }
}
