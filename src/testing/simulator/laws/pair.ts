import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { Causes } from './causes.ts';

/** The panel and one of its centrals. */
export interface Pair {
  readonly panel: PanelStore;
  readonly central: CentralStore;
  readonly byName: boolean;
  /** When the first comparison of all zones was over (monotonic milliseconds); null: not yet. */
  readonly baselineAt: number | null;
  /** Why a record may differ. */
  readonly causes: Causes;
}
