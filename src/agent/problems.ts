import { CentralError } from '../core/central.ts';
import { SettingsRefused } from '../centrals/connection.ts';
import { knownProblems } from '../app/problems.ts';
import { serverText } from '../config/address.ts';
import { settingsPath, type Settings } from '../config/settings.ts';
import type { Problem } from '../dns/problem.ts';

/** Makes the problem that this central's section names the same account as `[isp_master]`. */
export function sameCentral({ number }: Settings, root: string): Problem {
  const params = { path: settingsPath(root), line: '0', section: `central_${number}`, other: 'isp_master' };
  return { code: 'settings.same-central', params };
}

/**
 * Makes a function that rethrows an error of a central. With several centrals, it adds this central's number.
 */
export function namer(number: number, centrals: number): (error: unknown) => never {
  return (error) => {
    if (centrals === 1 || !(error instanceof SettingsRefused || error instanceof CentralError)) throw error;
    const params = { central: String(number) };
    throw new SettingsRefused(
      problemsOf(error).map((one) => ({ ...one, params: { ...one.params, ...params } })),
    );
  };
}

/**
 * Removes from a text the names of the central's host, our account and the name servers, which only
 * administrators may see.
 */
export function withoutNames(text: string, { address, username, verify }: Settings): string {
  const { host, hostname } = new URL(address);
  const asked = verify.servers.flatMap((server) => [serverText(server), server.host]);
  const names = [address, host, hostname, username, ...asked].filter((name) => name.length > 2);
  return names.reduce((clean, name) => clean.replaceAll(name, '[…]'), text);
}

/** The problems that caused an error; an unexpected error gives `engine.defect`. */
export function problemsOf(error: unknown): readonly Problem[] {
  const text = error instanceof Error ? error.message : String(error);
  return knownProblems(error) ?? [{ code: 'engine.defect', params: { text } }];
}
