/**
 * Opens a stage for a combination of panel and central. The plugin is installed, and a zone has been created
 * through it.
 */
import assert from 'node:assert/strict';
import {
  makeStage,
  prepared,
  until,
  type AnyStage,
  type Stage,
  type StageOptions,
} from '../../../src/testing/stage/stage.ts';
import { agree, contents, holds, meaning, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import { ask } from '../../../src/app/control/client.ts';
import type { Answer, Sandbox, Switches } from '../../../sandbox/index.ts';

/** The zone of most steps. */
export const zone = 'example.org';

export interface Combination extends Required<Pick<StageOptions, 'panel' | 'central'>> {
  /**
   * Switches that differ from the default. The central's switches apply until the central is started again.
   */
  readonly ways?: { readonly panel?: Partial<Switches>; readonly central?: Partial<Switches> };
}

/**
 * Opens a stage with two empty panels. Installs and configures the plugin, then creates the zone in the
 * panel.
 */
export async function openScene(combination: Combination): Promise<Stage> {
  return await prepared(await makeStage(combination), async (stage) => {
    Object.assign(stage.panel.switches, combination.ways?.panel);
    Object.assign(stage.central.switches, combination.ways?.central);
    await stage.install();
    stage.configure();
    await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
    await until('its content at the central', () => agree(stage.panel, stage.central, zone));
  });
}

/** Waits until no operation is open. */
export async function settled(stage: AnyStage): Promise<void> {
  await until('everything to be settled', async () => {
    const { engine } = await ask(stage.socket, 'status', {});
    return engine?.open === 0;
  });
}

export function succeeded(answer: Answer): void {
  assert.ok(answer.ok, answer.body);
}

/** Asserts that both sides have the record. */
export function onBoth(stage: Stage, record: Wanted, where = zone): void {
  const said = meaning(record, where);
  assert.ok(
    holds(stage.panel, where, record),
    `the panel lacks ${said}: ${String(contents(stage.panel, where))}`,
  );
  assert.ok(
    holds(stage.central, where, record),
    `the central lacks ${said}: ${String(contents(stage.central, where))}`,
  );
}

/** Asserts that neither side has the record. */
export function onNeither(stage: Stage, record: Wanted, where = zone): void {
  assert.ok(!holds(stage.panel, where, record), `the panel has ${meaning(record, where)}`);
  assert.ok(!holds(stage.central, where, record), `the central has ${meaning(record, where)}`);
}

/** Adds a record through the panel, and asserts that both sides have it at once. */
export async function mirrored(stage: Stage, record: Wanted): Promise<void> {
  succeeded(await stage.atPanel.save(zone, record));
  onBoth(stage, record);
}

function everything({ panel, central }: Stage): unknown {
  return [panel, central].map((side) => side.zones().map((name) => [name, side.records(name)]));
}

/** Asserts that `act` is refused with a text that matches `words`, and that neither side changes. */
export async function refused(stage: Stage, act: () => Promise<Answer>, words: RegExp): Promise<Answer> {
  // The undo of an earlier step is a change, too.
  await settled(stage);
  const before = everything(stage);
  const answer = await act();
  assert.equal(answer.ok, false, answer.body);
  assert.match(answer.error?.text ?? answer.body, words);
  assert.deepEqual(everything(stage), before);
  return answer;
}

/** Sets these switches of a panel, runs `work`, and restores the former switches. */
export async function whileIts(
  panel: Sandbox,
  ways: Partial<Switches>,
  work: () => Promise<void>,
): Promise<void> {
  const before = { ...panel.switches };
  Object.assign(panel.switches, ways);
  try {
    await work();
  } finally {
    Object.assign(panel.switches, before);
  }
}
