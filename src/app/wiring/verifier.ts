import { askedServer } from '../../centrals/verified/server.ts';
import type { AskedServer } from '../../centrals/verified/ask.ts';
import { Verifier } from '../../centrals/verified/verifier.ts';
import { serverText } from '../../config/address.ts';
import type { Settings } from '../../config/settings.ts';
import type { Log } from '../../core/log.ts';
import { timeToWrite } from '../../core/several.ts';
import { systemClock } from './clock.ts';

/**
 * Time (ms) at the end of an edit's deadline that is kept free for undoing the edit; at most half of the
 * deadline.
 */
const reserve = 2_000;

/**
 * Makes the verifier, which asks the name servers of the settings; null: the settings name none.
 * @param centrals number of centrals that are written one after the other within one deadline
 */
export function makeVerifier(settings: Settings, log: Log, centrals: number): Verifier | null {
  const { verify } = settings;
  if (verify.servers.length === 0) return null;
  const deadline = timeToWrite(settings.deadline, centrals) / centrals;
  const strict = verify.strict ? Math.max(deadline / 2, deadline - reserve) : null;
  const servers = askedServers(settings);
  return new Verifier({ servers, clock: systemClock, log, limit: verify.limit, strict });
}

/** Makes clients for the name servers of the settings. Sends no query. */
export function askedServers({ verify }: Settings): AskedServer[] {
  return verify.servers.map((server) =>
    askedServer(server.port === 53 ? server.host : serverText(server), server),
  );
}
