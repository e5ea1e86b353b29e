import { CentralError } from '../core/central.ts';
import { SettingsRefused } from '../centrals/connection.ts';
import { knownProblems } from '../app/problems.ts';
import { serverText } from '../config/address.ts';
import { settingsPath, type Settings } from '../config/settings.ts';
import type { Problem } from '../dns/problem.ts';

/** Two sections of the settings file name the same account. */
export function sameCentral({ number }: Settings, root: string): Problem {
  const params = { path: settingsPath(root), line: '0', section: `central_${number}`, other: 'isp_master' };
  return { code: 'settings.same-central', params };
}

/** Rethrows a failure as one that says which of several centrals it is about. */
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
 * A text may name the central's host, our account there, name servers asked; that is nobody's business but
 * the administrator's.
 */
export function withoutNames(text: string, { address, username, verify }: Settings): string {
  const { host, hostname } = new URL(address);
  const asked = verify.servers.flatMap((server) => [serverText(server), server.host]);
  const names = [address, host, hostname, username, ...asked].filter((name) => name.length > 2);
  return names.reduce((clean, name) => clean.replaceAll(name, '[…]'), text);
}

/** A failure as problems that have texts. */
export function problemsOf(error: unknown): readonly Problem[] {
  const text = error instanceof Error ? error.message : String(error);
  return knownProblems(error) ?? [{ code: 'engine.defect', params: { text } }];
}
