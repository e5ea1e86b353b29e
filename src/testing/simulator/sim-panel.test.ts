import { recordId } from '../../dns/record.ts';
import { systemClock } from '../../app/clock.ts';
import { panelContract } from '../panel-contract.ts';
import { Random } from './random.ts';
import { PanelStore, SimPanel } from './sim-panel.ts';

panelContract('simulated panel', () => {
  const store = new PanelStore();
  // Its reads take no time here: the contract is about what they say.
  const panel = new SimPanel(store, { ...systemClock, sleep: () => Promise.resolve() }, new Random(1), {
    dead: false,
  });
  return Promise.resolve({
    panel,
    makeZone: (zone, records) => {
      store.zones.set(zone, new Map(records.map((record) => [recordId(record), record])));
      return Promise.resolve();
    },
  });
});
