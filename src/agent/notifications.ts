import { randomInt } from 'node:crypto';
import { readings } from '../app/answers/readings.ts';
import { channelsOf } from '../app/notify/channels.ts';
import { memoryPath, readKept, writeKept } from '../app/notify/memory-file.ts';
import { senderAt } from '../app/notify/notice.ts';
import { Notifier } from '../app/notify/notifier.ts';
import { systemClock } from '../app/wiring/clock.ts';
import type { Agent } from './agent.ts';
import { answerer } from './control.ts';
import type { FileLog } from './log.ts';

/**
 * Makes the notifier of this agent's panel, which tells an administrator when the panel needs attention. The
 * caller has to start it.
 */
export function notifierOf(agent: Agent, log: FileLog): Notifier {
  const { paths, isService } = agent;
  const sender = senderAt(paths.root);
  const path = memoryPath(paths);
  return new Notifier({
    clock: systemClock,
    log: log.write,
    random: () => randomInt(2 ** 47) / 2 ** 47,
    settings: () => agent.notify,
    channels: (settings) => channelsOf(settings, sender, isService),
    look: async () => {
      const { attention, centrals } = await readings.status({}, answerer(agent));
      return { reasons: attention, several: centrals.length > 1 };
    },
    read: () => readKept(path),
    write: (kept) => writeKept(path, kept),
  });
}
