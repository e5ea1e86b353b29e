/**
 * The first weeks of a provider with many old zones: domainsync observes, plans, sends the zones, and is then
 * monitored.
 */
import { join } from 'node:path';
import type { StatusReport } from '../src/app/control/protocol.ts';
import { stands } from '../src/testing/stage/central-side.ts';
import { address } from '../src/testing/stage/panel-words.ts';
import { until, type AnyStage } from '../src/testing/stage/stage.ts';
import { check, milliseconds, print, printChapter } from './print.ts';

/** @param zones names of zones that only the panel has */
export async function firstWeeks(stage: AnyStage, zones: readonly string[]): Promise<void> {
  printChapter('The first weeks of a provider: observe, plan, send, watch (docs/first-30-days.md)');
  const written = await stage.there.writes();
  await observe(stage, zones);
  check('and nothing was written at the central', (await stage.there.writes()) === written);
  await plan(stage, zones);
  await send(stage, zones);
  await watch(stage, zones);
}

async function observe(stage: AnyStage, zones: readonly string[]): Promise<void> {
  stage.configure({}, { mode: 'observe' });
  await until('domainsync to observe', async () => isObserving(await stage.status()));
  const [zone = ''] = zones;
  const answer = await stage.atPanel.save(zone, shop);
  check('observing, domainsync refuses nothing', answer.ok, answer.body);
  const made = await stage.atPanel.save(watchful, alias);
  check('not even what the central would refuse', made.ok, made.body);
  let history = '';
  await until('it to be judged', async () => {
    history = await stage.domainsync('history', '--outcome', 'observed', '--latest', '2');
    return /would/u.test(history) && !history.includes('not judged');
  });
  print(history);
  check('the history has what would have been done', /would/u.test(history));
  await stage.atPanel.remove(watchful, alias);
}

/** A name at which the central has an address of the provider (chapter 7). */
const watchful = 'kletterhalle-west.example';
const alias = { name: 'status', type: 'CNAME', value: 'pages.example.net.' };
const shop = address('shop', '198.51.100.7');

function isObserving(status: StatusReport | null): boolean {
  return status?.centrals.some(({ observing }) => observing !== null) ?? false;
}

async function plan(stage: AnyStage, zones: readonly string[]): Promise<void> {
  stage.configure({}, { mode: 'strict' });
  await until('the first comparison', async () => {
    const status = await stage.status();
    return !isObserving(status) && (status?.engine?.baselineAt ?? null) !== null;
  });
  check(
    'switched on: what only the panel has is still left alone',
    !(await stage.there.hasZone(zones[0] ?? '')),
  );
  if (!stage.there.makesZones) await stage.there.makeZones(zones.map((name) => ({ name, records: [] })));
  const began = performance.now();
  const text = await stage.domainsync('plan', '--all', '--out', fileIn(stage));
  print(text);
  check(
    `planned in ${milliseconds(began)}, and nothing was changed`,
    Number(/(\d+) zones/u.exec(text)?.[1] ?? 0) >= zones.length,
    text,
  );
}

function fileIn({ directory }: AnyStage): string {
  return join(directory, 'first.plan');
}

async function send(stage: AnyStage, zones: readonly string[]): Promise<void> {
  const began = performance.now();
  print(await stage.domainsync('apply', fileIn(stage), '--yes'));
  const took = performance.now() - began;
  const [first = '', last = ''] = [zones[0], zones.at(-1)];
  check(
    `${zones.length} domains sent, ${Math.round((zones.length / took) * 1_000)} a second`,
    (await stands(stage.there, first, shop)) && (await stage.there.hasZone(last)),
  );
  const again = await stage.domainsync('push', last, '--yes');
  check('sent again, there is nothing to do', again.includes('Nothing to do'), again);
}

async function watch(stage: AnyStage, zones: readonly string[]): Promise<void> {
  const [zone = ''] = zones;
  const fresh = address('fresh', '203.0.113.5');
  const answer = await stage.atPanel.save(zone, fresh);
  check('from now on an edit is on both sides', answer.ok && (await stands(stage.there, zone, fresh)));
  print(await stage.domainsync('history', '--zone', zone, '--latest', '2'));
}
