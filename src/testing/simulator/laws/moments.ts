import type { DnsName } from '../../../dns/name.ts';
import type { Batch } from '../../../core/journal.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { SavedEdit } from './answers.ts';
import type { Approvals } from './approvals.ts';
import { Followings } from './followings.ts';
import type { Judgement } from './judgement.ts';
import { checkOutcomes } from './outcomes.ts';
import type { Due } from './promptness.ts';
import { Requests } from './requests.ts';

/** A central, the journal of its engine, and the violations that are found for both. */
interface Observed {
  readonly store: CentralStore;
  readonly witness: JournalWitness;
  readonly judgement: Judgement;
  readonly approvals: Approvals;
}

/** Facts that the laws need besides the central and its journal. */
interface Moment {
  readonly panel: PanelStore;
  readonly now: () => number;
  /** Wall clock in milliseconds since 1970. */
  readonly wall: () => number;
  readonly saved: readonly SavedEdit[];
  readonly hints: readonly Due[];
  /**
   * Describes the write request that an engine has sent for the zone and that is not answered yet; null:
   * none.
   */
  readonly goingIn: (zone: DnsName) => string | null;
}

/** From now on, checks comparisons, creates and requests of an engine when they happen. */
export function observeMoments(observed: Observed, moment: Moment): void {
  const { store, witness, judgement, approvals } = observed;
  const { panel, now, wall } = moment;
  const isNamed = (zone: DnsName): boolean => isNamedBy(moment, zone);
  const sides = { panel: panel.provenance, central: store.provenance, now, isNamed, approvals };
  const followings = new Followings(sides, witness, judgement);
  const requests = new Requests(witness, judgement, wall);
  const { onCommit } = witness;
  witness.onCommit = (batch) => {
    onCommit(batch);
    followings.committed(batch);
    checkCreates(observed, moment, batch);
    checkOutcomes(batch, { ...sides, witness }, judgement);
  };
  const { onSent, onLanded } = store.provenance;
  store.provenance.onSent = (request) => {
    onSent(request);
    requests.sent(request);
  };
  store.provenance.onLanded = (request, effects) => {
    onLanded(request, effects);
    requests.landed(request, effects);
  };
}

/** Whether a panel function has named the zone, or a user has deleted it in the panel. */
function isNamedBy({ hints, saved }: Moment, zone: DnsName): boolean {
  const isDelete = ({ event, keptAt }: SavedEdit): boolean =>
    event.kind === 'zone-delete' && event.zone === zone && keptAt !== null;
  return hints.some((hint) => hint.zone === zone) || saved.some(isDelete);
}

/**
 * Checks that a create is entered in the ledger only while no request of the engine is running in the zone.
 */
function checkCreates(
  { witness, judgement }: Observed,
  { goingIn }: Moment,
  { operations = [] }: Batch,
): void {
  for (const { id, kind, class: group, zone } of operations) {
    const isNew = witness.operations.get(id)?.states.length === 1;
    const going = isNew && kind === 'zone-create' && group === 'veto' ? goingIn(zone) : null;
    if (going !== null) judgement.violate('locks.overlap', `${id} makes ${zone} during ${going}`);
  }
}
