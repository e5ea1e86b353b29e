import type { JournalWitness } from '../journal-witness.ts';
import type { WriteRequest } from '../provenance.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { SavedEdit } from './answers.ts';
import type { Judgement } from './judgement.ts';

/**
 * Checks the delete of a zone in the panel by an engine, when the request is sent. The zone must come from a
 * user's own create, and nobody may have edited it since.
 */
export function checkPanelDelete(
  request: WriteRequest,
  {
    panel,
    witnesses,
    saved,
  }: {
    readonly panel: PanelStore;
    readonly witnesses: readonly JournalWitness[];
    readonly saved: readonly SavedEdit[];
  },
  judgement: Judgement,
): void {
  const { kind, zone, operation } = request;
  if (kind !== 'delete') return;
  const { effects } = panel.provenance;
  const came = effects.findLast((effect) => effect.zone === zone && effect.record === null);
  const isMade = saved.some(
    ({ event, keptAt }) => event.kind === 'zone-create' && event.zone === zone && keptAt === came?.at,
  );
  const what = `operation ${operation} deletes ${zone} in the panel`;
  if (came === undefined || !isMade) {
    judgement.violate('panel.zone', `${what}, which no user's edit made`);
    return;
  }
  const read = panel.looks.findLast((look) => look.zone === zone)?.began ?? 0;
  const refusedAt = witnesses
    .flatMap((witness) => witness.operations.get(operation)?.states ?? [])
    .find(({ state }) => state === 'reverting')?.at;
  const isEdited = saved.some(
    ({ event, keptAt }) =>
      event.kind === 'records' && event.zone === zone && keptAt !== null && keptAt > came.at && keptAt < read,
  );
  const isChanged = effects.some(
    (effect) => effect.zone === zone && effect.at > (refusedAt ?? came.at) && effect.at < read,
  );
  if (isEdited || isChanged) judgement.violate('panel.zone', `${what}, which was changed since`);
}
