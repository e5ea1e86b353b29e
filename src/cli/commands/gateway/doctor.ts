import { Command } from 'commander';
import { problemFound, type Finding } from '../../../app/doctor/finding.ts';
import { describeProblem } from '../../../core/describe.ts';
import { GatewaySettingsRefused, loadGatewaySettings } from '../../../gateway/settings.ts';
import { StorageError, type Storage } from '../../../gateway/storage/storage.ts';
import { exitStatus, print, say } from '../../output.ts';
import { findingText, findingsSummary } from '../../texts/findings.ts';
import { checkBackends } from './doctor-backend.ts';
import { checkCertificate, checkDatabase, checkListener, checkSettingsFile } from './doctor-host.ts';
import { checkPostgres } from './doctor-postgres.ts';
import { checkClock, checkDoubt, checkDrift, checkTokens } from './doctor-storage.ts';
import { storageProblem, withStorage, type GatewayGlobals } from './with-storage.ts';

const examples = `
Run it as the user of the gateway, while the gateway runs. It changes nothing. Secrets that are credentials of
the gateway's unit can only be read then.

Exit status: 0 no problems, 1 it could not be found out, 3 problems.
`;

/** `domainsync gateway doctor` */
export function gatewayDoctorCommand({ globals, config }: GatewayGlobals): Command {
  return new Command('doctor')
    .description('everything that may be wrong with the gateway, each with its way out')
    .addHelpText('after', examples)
    .action(async () => {
      const { json } = globals();
      const findings: Finding[] = [];
      for await (const finding of examineGateway(config(), Date.now())) {
        findings.push(finding);
        if (!json) say(findingText(finding));
      }
      if (findings.some(({ state }) => state === 'problem')) process.exitCode = exitStatus.attention;
      print(json, { findings }, () => findingsSummary(findings));
    });
}

/**
 * Runs all checks, one after the other.
 * @param path settings file of the gateway
 * @param wall wall clock, milliseconds
 */
async function* examineGateway(path: string, wall: number): AsyncGenerator<Finding> {
  const loaded = settingsOrProblems(path);
  if (Array.isArray(loaded)) {
    yield* loaded;
    return;
  }
  const { settings } = loaded;
  yield* checkSettingsFile(path, settings);
  yield* checkCertificate(settings, wall);
  yield* await checkListener(settings);
  const { storage: place } = settings;
  const database = place.kind === 'sqlite' ? checkDatabase(settings) : await checkPostgres(place.server);
  yield* database;
  if (database.some(({ state }) => state === 'problem')) {
    yield* await checkBackends(settings, null);
    return;
  }
  yield* await inStorage(path, async (storage) => [
    ...(await checkDoubt(storage, settings)),
    ...(await checkBackends(settings, storage)),
    ...(await checkDrift(storage, settings)),
    ...(await checkClock(storage, wall)),
    ...(await checkTokens(storage, wall)),
  ]);
}

function settingsOrProblems(
  path: string,
): Finding[] | { readonly settings: ReturnType<typeof loadGatewaySettings> } {
  try {
    return { settings: loadGatewaySettings(path) };
  } catch (error) {
    if (!(error instanceof GatewaySettingsRefused)) throw error;
    const wayOut = `correct ${path} (docs/gateway.md)`;
    return error.problems.map((one) =>
      problemFound('settings', `${describeProblem(one, 'en')} [${one.code}]`, wayOut),
    );
  }
}

/** Runs a check that reads the database. A failure of the database becomes a finding. */
async function inStorage(
  path: string,
  work: (storage: Storage) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  return await withStorage(path, async (storage) => {
    try {
      return await work(storage);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const text = describeProblem(storageProblem(error), 'en');
      return [problemFound('database', text, 'put back a copy of the database (docs/gateway.md, Backup)')];
    }
  });
}
