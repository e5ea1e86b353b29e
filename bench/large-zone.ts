/**
 * Reads one zone at both sides, with the product or with bare clients. Prints how long it took, and the
 * largest resident memory of this process. Each measurement runs in a process of its own, so that the two
 * memories do not add up.
 */
import * as v from 'valibot';
import { wirePanel } from '../src/app/wiring/wire.ts';
import { parseName } from '../src/dns/name.ts';
import { bareCentral, barePanel, reachShape } from './bare-sides.ts';
import { openCentral, startEngine } from './bench-engine.ts';
import { timed } from './measure.ts';

const task = v.parse(
  v.object({
    way: v.picklist(['bare', 'ours']),
    root: v.string(),
    reach: reachShape,
    settings: v.record(v.string(), v.string()),
    zone: v.string(),
  }),
  JSON.parse(process.argv[2] ?? ''),
);
const zone = parseName(task.zone);

async function readBare(): Promise<number> {
  const sides = [barePanel(task.root), bareCentral(task.reach)];
  const took = await timed(async () => {
    for (const side of sides) await side.read({ zone, hosts: [] });
  });
  for (const side of sides) side.close();
  return took;
}

/** Plans a push, which reads both sides in full and compares them. */
async function compareOurs(): Promise<number> {
  const [panel, central] = [await wirePanel(task.root), await openCentral(task.settings)];
  const { engine, stop } = await startEngine({ panel, central }, true);
  const took = await timed(async () => {
    const { steps } = await engine.plan(zone, { direction: 'push', removes: true });
    if (steps.length > 0) throw new Error(`${zone} is not in step`);
  });
  await stop();
  return took;
}

const ms = await (task.way === 'bare' ? readBare() : compareOurs());
console.log(JSON.stringify({ ms, mib: process.resourceUsage().maxRSS / 1_024 }));
