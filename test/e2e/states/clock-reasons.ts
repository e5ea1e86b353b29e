/**
 * Tests reasons for attention that appear only after some time. The tests set the agent's wall clock forward
 * instead of waiting.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Attention } from '../../../src/app/answers/attention.ts';
import { healthFact, healthIn, type Health } from '../../../src/app/answers/health.ts';
import type { KnownOwners } from '../../../src/app/answers/owner-knowledge.ts';
import { pathsOf } from '../../../src/app/paths.ts';
import { agentEnvironment } from '../../../src/app/control/agent-environment.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import { panelAdmin, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled } from '../combinations/scene.ts';
import { newestEntry } from './history-states.ts';
import { both, endAgent, inJournal, isWell, tells, told } from './told.ts';

const minute = 60_000;
const hour = 60 * minute;

/**
 * Registers the steps. Each step leaves the stage as it was before.
 * @param signs whether the central refuses requests of an agent whose clock is wrong, as with signed queries
 */
export function clockReasonSteps(stage: () => AnyStage, signs: boolean): void {
  let setClock: (ms: number) => void = () => assert.fail('no agent with a clock that can be set');

  test('issue 16, states: not all zones were compared in time', async () => {
    await settled(stage());
    await endAgent(stage());
    // With this file, a new agent repeats the comparison that follows a pause of an earlier step. Then no
    // comparison would be overdue.
    rmSync(`${pathsOf(stage().panel.root).pause}-following`, { force: true });
    setClock = await startAgentWithClock(stage(), -2 * hour - 11 * minute);
    await isWell(stage());
    // A comparison is overdue two hours and ten minutes after the last one. At this time, three minutes of
    // the ten are over; the other seven are left to a busy machine.
    setClock(-8 * minute);
    assert.deepEqual((await told(stage())).codes, []);
    setClock(0);
    const { central, since, params } = await tells(stage(), 'attention.comparison-overdue');
    assert.ok(central === 1 && since !== null && params['lastSuccess'] !== undefined);
    await stage().domainsync('compare');
    await isWell(stage());
  });

  test('issue 16, states: the comparison of a zone fails, the others go on', async () => {
    const { panel, atPanel } = stage();
    const busy = { effect: 'refuse', code: 1, text: 'busy' } as const;
    panel.faults.add({ func: atPanel.words.list, params: { elid: both }, via: 'any', count: null, ...busy });
    await stage().domainsync('compare');
    await until('the comparison of the zone to fail', async () => (await failingZones(stage())) === 1);
    const found = await (signs ? zonesFailingLong(stage()) : zonesFailingNow(stage(), setClock));
    assert.ok(found?.central === 1 && found.since !== null);
    assert.deepEqual(found.params, { count: '1' });
    panel.faults.clear();
    await startedByEdit(stage());
    await isWell(stage());
  });

  test('issue 16, states: edits of zones whose owner the panel does not show', async () => {
    const { panel, atPanel, there } = stage();
    await settled(stage());
    const usual = { ...panel.switches };
    Object.assign(panel.switches, atPanel.words.hasTtl ? noOwners : zoneHidden);
    await readOwnersAnew(stage(), ({ zones, unknown }) => unknown > 0 || zones === 1);
    for (const last of [76, 77, 78]) {
      // One or two such edits are usual after a pause, so they are no reason for attention.
      assert.deepEqual((await told(stage())).codes, []);
      const record = address(`whose-${last}`, `192.0.2.${last}`);
      // Edits are refused until the agent has read the panel's list.
      await until('the panel to save it', async () => (await atPanel.save(both, record)).ok);
      await until('the central to follow', async () => await stands(there, both, record));
      await isLeftUnknown(stage(), record);
    }
    const { central, since, params } = await tells(stage(), 'attention.owners-undecided');
    assert.ok(central === null && since !== null);
    assert.deepEqual(params, { count: '3' });
    Object.assign(panel.switches, usual);
    await readOwnersAnew(stage(), ({ zones, unknown }) => unknown === 0 && zones > 1);
    // The reason stays for a day, so the last such edit is dated back by 25 hours.
    await rememberOtherwise(stage(), ({ undecided, ...health }) => {
      assert.ok(undecided !== null);
      return { ...health, undecided: { ...undecided, last: undecided.last - 25 * hour } };
    });
    await startedByEdit(stage());
    await isWell(stage());
  });
}

/**
 * Checks what `status` says of a zone that fails. After seven minutes it gives no reason for attention yet,
 * after eleven it does. The three minutes up to the limit of ten are left to a busy machine.
 */
async function zonesFailingNow(stage: AnyStage, setClock: (ms: number) => void): Promise<Attention> {
  setClock(7 * minute);
  assert.deepEqual((await told(stage)).codes, []);
  setClock(11 * minute);
  return await tells(stage, 'attention.zones-not-compared');
}

/**
 * Ends the agent, and writes into the journal that zones have failed for eleven minutes. The command `status`
 * then has only its own clock.
 * @returns what it says of failing zones
 */
async function zonesFailingLong(stage: AnyStage): Promise<Attention | undefined> {
  await rememberOtherwise(stage, ({ comparison, ...health }) => {
    const failingZonesSince = Date.now() - 11 * minute;
    return { ...health, comparison: { ...comparison, failingZonesSince } };
  });
  const { status, report } = await told(stage);
  assert.equal(status, 1);
  return report.attention.find(({ code }) => code === 'attention.zones-not-compared');
}

async function failingZones(stage: AnyStage): Promise<number | undefined> {
  return (await stage.status())?.centrals[0]?.health?.comparison.failingZones;
}

/**
 * Version 5/6: the list of domains shows no owner. The panel also answers every call as its caller, so the
 * owners cannot be read in another way.
 */
const noOwners = { ownerColumn: 'none', ignoreSu: true } as const;
/**
 * Switches with which a zone's owner is unknown in version 4, too. Its list always shows owners, so a filter
 * of the administrator hides the zone.
 */
const zoneHidden = { filters: { [panelAdmin.name]: 'left' } } as const;

/**
 * Checks that the edit itself was left to the panel. The central has the record only because of a later
 * comparison.
 */
async function isLeftUnknown(stage: AnyStage, record: Wanted): Promise<void> {
  await until(`the history of ${record.name}`, async () => {
    const entry = await newestEntry(stage, both, record, 'panel-only');
    return entry?.why.join() === 'note.left-owner-unknown';
  });
}

/**
 * Makes the agent forget all owners and read them again, as happens after each pause.
 * @param isRead whether the owners in the status show that the agent has read them
 */
async function readOwnersAnew(stage: AnyStage, isRead: (known: KnownOwners) => boolean): Promise<void> {
  await stage.domainsync('pause');
  await stage.domainsync('resume');
  await until('owners to be read', async () => {
    const owners = (await stage.status())?.engine?.owners;
    return owners !== undefined && isRead(owners);
  });
  await settled(stage);
}

/** Makes an edit, which starts an agent if none runs. */
async function startedByEdit(stage: AnyStage): Promise<void> {
  await until('an edit', async () => {
    const record = address(`again-${Date.now()}`, '192.0.2.79');
    return (await stage.atPanel.save(both, record)).ok;
  });
}

/** Ends the agent, and changes the health that it has stored in the journal. */
async function rememberOtherwise(stage: AnyStage, change: (health: Health) => Health): Promise<void> {
  await inJournal(stage, async (journal) => {
    const health = healthIn(await journal.fact(healthFact));
    assert.ok(health !== null);
    await journal.commit({ facts: { [healthFact]: JSON.stringify(change(health)) } });
  });
}

/**
 * Starts the installed agent with a wall clock that the test can set. No other process uses that clock.
 * @param first how many milliseconds the clock is ahead at first
 * @returns a function that sets how many milliseconds the clock is ahead
 */
async function startAgentWithClock(stage: AnyStage, first: number): Promise<(ms: number) => void> {
  const path = join(stage.directory, 'clock-ahead');
  const set = (ms: number): void => {
    writeFileSync(`${path}.new`, String(ms));
    renameSync(`${path}.new`, path);
  };
  set(first);
  const clock = `import { readFileSync } from 'node:fs';
    const now = Date.now;
    Date.now = () => now() + Number(readFileSync(${JSON.stringify(path)}, 'utf8'));`;
  const preload = `data:text/javascript,${encodeURIComponent(clock)}`;
  const { root } = stage.panel;
  const words = [join(root, 'lib/domainsync/current/agent.cjs'), '--root', root, '--socket', stage.socket];
  const options = { stdio: 'ignore', env: agentEnvironment } as const;
  spawn(process.execPath, ['--import', preload, ...words], options).unref();
  await until('the agent', async () => (await stage.agent()) !== null);
  return set;
}
