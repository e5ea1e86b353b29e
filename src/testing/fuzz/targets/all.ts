import type { Target } from '../target.ts';
import { answerTargets } from './answers.ts';
import { dnsTargets } from './dns.ts';
import { fileTargets } from './files.ts';
import { gatewayFileTargets } from './gateway-files.ts';
import { gatewayRightsTargets } from './gateway-rights.ts';
import { gatewayTargets } from './gateway.ts';
import { hookTargets } from './hook.ts';
import { journalTargets } from './journal.ts';
import { socketTargets } from './socket.ts';

/** Every decoder of outside input. */
export const fuzzTargets: readonly Target[] = [
  ...hookTargets,
  ...socketTargets,
  ...answerTargets,
  ...dnsTargets,
  ...fileTargets,
  ...journalTargets,
  ...gatewayTargets,
  ...gatewayRightsTargets,
  ...gatewayFileTargets,
];
