import type { Traces } from '../perform.ts';
import type { World } from '../world.ts';
import { checkAgreement } from './agreement.ts';
import { checkAnswers } from './answers.ts';
import { Causes } from './causes.ts';
import { Judgement } from './judgement.ts';
import { checkRights } from './rights.ts';

/** What must hold of a history once everything has healed, and what was seen to break it on the way. */
export async function checkWorld(world: World, traces: Traces): Promise<Judgement> {
  const { engines, panel, byName, sides } = world;
  const judgement = new Judgement();
  if (engines.length === 0) judgement.violate('engine.running', 'no engine is running');
  const carriedOut = world.saved.flatMap(({ event, items, keptAt }) =>
    keptAt === null ? [] : [{ zone: event.zone, items, at: keptAt }],
  );
  for (const [at, { store, witness, judgement: seen }] of sides.entries()) {
    const engine = engines[at];
    const own = new Judgement(sides.length > 1 ? `central ${at + 1}: ` : '');
    const causes = new Causes(panel, store, traces, carriedOut);
    const pair = { panel, central: store, byName, causes };
    if (engine !== undefined) await checkAgreement(pair, engine, own);
    checkRights(store, own);
    own.add(seen);
    judgement.sawFor(checkAnswers({ panel, central: store, witness, index: at }, world.saved, own));
    judgement.add(own);
  }
  for (const name of world.emptied)
    judgement.violate('live.emptied', `a new zone was made without ${name}, which was answered before`);
  return judgement;
}
