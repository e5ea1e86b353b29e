import type { DnsName } from '../../../dns/name.ts';
import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Causes } from './causes.ts';

/** The panel and one of its centrals. */
export interface Pair {
  readonly panel: PanelStore;
  readonly central: CentralStore;
  readonly byName: boolean;
  /** When the first comparison of all zones ended (monotonic milliseconds); null: it has not ended yet. */
  readonly baselineAt: number | null;
  /** When the engine last forgot the ledger of an older journal (monotonic milliseconds); null: never. */
  readonly forgottenAt: number | null;
  /** Zones that the central had because of us, according to the ledger that was forgotten. */
  readonly forgottenZones: ReadonlySet<DnsName>;
  readonly witness: JournalWitness;
  /** Whether an engine only observed for a while. */
  readonly observes: boolean;
  /** Finds out why a record may be on one side only. */
  readonly causes: Causes;
}
