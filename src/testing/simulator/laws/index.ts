import { doubtOf, otherHostFact } from '../../../core/journal-doubts.ts';
import type { Traces } from '../perform.ts';
import type { World } from '../world.ts';
import { checkAgreement } from './agreement.ts';
import { checkAnswers } from './answers.ts';
import { Causes } from './causes.ts';
import { Judgement } from './judgement.ts';
import { leftToPanel } from './left-to-panel.ts';
import { checkPausedCalls } from './pausing.ts';
import { checkPromptness } from './promptness.ts';
import { checkOwners, checkRights, checkReported } from './rights.ts';

/** Checks the laws at the end of a history. Adds the violations that were found while it ran. */
export async function checkWorld(world: World, traces: Traces): Promise<Judgement> {
  const { engines, journals, panel, byName, sides, active } = world;
  const judgement = new Judgement();
  if (engines.length === 0 && !world.isRetired) judgement.violate('engine.running', 'no engine is running');
  const carriedOut = world.saved.flatMap(({ event, items, keptAt }) =>
    keptAt === null ? [] : [{ kind: event.kind, zone: event.zone, items, at: keptAt }],
  );
  for (const [index, side] of sides.entries()) {
    const own = new Judgement(sides.length > 1 ? `central ${index + 1}: ` : '');
    const { store, witness } = side;
    const at = active.indexOf(side);
    const [engine, journal] = [engines[at], journals[at]];
    // A central that the settings leave out has no engine, so these laws do not apply. An engine with another
    // host's journal compares nothing.
    if (engine !== undefined && journal !== undefined && !side.doubts.isOthers) {
      if ((await doubtOf(journal))?.why === otherHostFact)
        own.violate('doubt.left', 'the journal is another host’s, and an operator has accepted it');
      const unheard = traces.unheard.union(leftToPanel(world.saved, witness));
      const { baselineAt, forgottenAt, forgottenZones } = witness;
      const causes = new Causes(
        panel,
        store,
        { unheard, exclusions: side.exclusions, limited: side.limited },
        carriedOut,
        {
          baselineAt,
          forgottenAt,
        },
      );
      const more = { witness, observes: world.everObserved };
      const pair = {
        panel,
        central: store,
        byName,
        baselineAt,
        forgottenAt,
        forgottenZones,
        causes,
        ...more,
      };
      await checkAgreement(pair, journal, world.clock.wall(), witness, own);
      own.sawFor(checkAnswers({ panel, central: store, witness, index, causes }, world.saved, own));
      checkOwners(panel, engine.live.owners, own);
      const { runs, hints } = side;
      const outages = [...panel.outages, ...side.outages, ...side.disk.outages, ...world.pauses.held];
      checkPromptness({ panel, outages, runs, saved: world.saved, hints, witness, index }, own);
    }
    side.approvals.checkEnd();
    checkRights(store, witness, own);
    checkReported(store, world.saved, own);
    own.add(side.judgement);
    judgement.add(own);
  }
  checkPausedCalls(world.pauses, world.stops, judgement);
  for (const name of world.emptied)
    judgement.violate('live.emptied', `a new zone was made without ${name}, which was answered before`);
  return judgement;
}
