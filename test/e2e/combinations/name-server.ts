/**
 * Tests of a panel with a real name server as its central. The tests read the server by DNS, as the public
 * does.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { agreed, stands, standsName } from '../../../src/testing/stage/central-side.ts';
import { leaks } from '../../../src/testing/stage/secrets.ts';
import { missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import {
  makeServerStage,
  type ServerStage,
  type ServerStageOptions,
} from '../../../src/testing/stage/server-stage.ts';
import { endProcess, prepared, until } from '../../../src/testing/stage/stage.ts';
import {
  address,
  contents,
  holds,
  holdsName,
  meaning,
  type Wanted,
} from '../../../src/testing/stage/panel-words.ts';
import type { Answer } from '../../../sandbox/index.ts';
import { pairs } from './records.ts';
import { settled, succeeded, zone } from './scene.ts';

/** A zone that both sides have before the plugin is installed. */
const old = 'before.example';
/**
 * `leaving`: a zone that is created and deleted. `half`: a record that the central accepts and the panel then
 * refuses.
 */
const leaving = 'leaving.example';
const half = address('half', '192.0.2.12');

type Pair = Required<Pick<ServerStageOptions, 'panel' | 'central'>>;

/** Registers the tests of one pair. They share one stage and run in the given order. */
export function testNameServer(pair: Pair): void {
  const { panel, central } = pair;
  describe(`${panel} to ${central}`, { skip: missingFor(central) }, () => {
    let stage: ServerStage;
    before(async () => {
      stage = await openServerScene(pair);
    });
    after(() => stage.stop());
    const current = (): ServerStage => stage;

    adoptionSteps(current);
    zoneSteps(current);
    recordSteps(current, pair);
    spellingSteps(current, panel);
    laterSteps(current);
    faultSteps(current);
    changeSteps(current, central);
    test('in the end nothing is open, and no secret was written anywhere', async () => {
      await settled(stage);
      assert.deepEqual(await leaks(stage), []);
    });
  });
}

/**
 * Opens a stage with a zone that differs in part between both sides. Installs and configures the plugin, and
 * waits for the first comparison.
 */
async function openServerScene(pair: Pair): Promise<ServerStage> {
  return await prepared(await makeServerStage(pair), prepare);
}

async function prepare(stage: ServerStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@', 'www'], defaultMxRecords: false, defaultSpf: false });
  succeeded(await atPanel.makeZone(old));
  await there.makeZones([{ name: old, records: [] }]);
  for (const name of ['', 'www']) await there.add(old, address(name, '192.0.2.80'));
  succeeded(await atPanel.save(old, address('mine', '192.0.2.90')));
  await there.add(old, address('theirs', '192.0.2.91'));
  succeeded(await atPanel.save(old, address('odd', '192.0.2.92')));
  await there.add(old, address('odd', '192.0.2.93'));
  const untouched = await there.held(old);
  await stage.install();
  stage.configure();
  await until('the first comparison', async () => (await atPanel.save(old, address('new', '192.0.2.94'))).ok);
  assert.deepEqual(
    (await there.held(old))?.filter(({ name }) => name !== `new.${old}.`),
    untouched,
  );
}

/** Asserts that both sides have the record. Reads the central by zone transfer. */
async function onBoth(stage: ServerStage, record: Wanted, where = zone): Promise<void> {
  const said = meaning(record, where);
  assert.ok(
    holds(stage.panel, where, record),
    `the panel lacks ${said}: ${String(contents(stage.panel, where))}`,
  );
  const held = await stage.there.held(where);
  assert.ok(await stands(stage.there, where, record), `the central lacks ${said}: ${JSON.stringify(held)}`);
}

async function onNeither(stage: ServerStage, record: Wanted, where = zone): Promise<void> {
  assert.ok(!holds(stage.panel, where, record), `the panel has ${meaning(record, where)}`);
  assert.ok(!(await stands(stage.there, where, record)), `the central has ${meaning(record, where)}`);
}

async function mirrored(stage: ServerStage, record: Wanted): Promise<void> {
  succeeded(await stage.atPanel.save(zone, record));
  await onBoth(stage, record);
}

/** Asserts that `act` is refused with a text that matches `words`, and that neither side changes. */
async function refused(stage: ServerStage, act: () => Promise<Answer>, words: RegExp): Promise<void> {
  const everything = async (): Promise<unknown> => [stage.panel.records(zone), await stage.there.held(zone)];
  // The undo of an earlier step is a change, too.
  await settled(stage);
  const former = await everything();
  const answer = await act();
  assert.equal(answer.ok, false, answer.body);
  assert.match(answer.error?.text ?? answer.body, words);
  assert.deepEqual(await everything(), former);
}

function adoptionSteps(stage: () => ServerStage): void {
  test('what was there before is left alone; what is new goes to both', async () => {
    const { atPanel, there } = stage();
    await onBoth(stage(), address('new', '192.0.2.94'), old);
    succeeded(await atPanel.change(old, address('mine', '192.0.2.90'), address('mine', '192.0.2.95')));
    assert.ok(!(await standsName(there, old, 'mine')));
    succeeded(await atPanel.change(old, address('odd', '192.0.2.92'), address('odd', '192.0.2.96')));
    assert.ok(await stands(there, old, address('odd', '192.0.2.93')));
    assert.ok(!(await stands(there, old, address('odd', '192.0.2.96'))));
    assert.ok(await stands(there, old, address('theirs', '192.0.2.91')));
    await settled(stage());
    assert.match(await stage().domainsync('zone', old), /conflict +odd\.before\.example A 192\.0\.2\.93/u);
  });

  test('what others change there is listed, not overwritten', async () => {
    const { there } = stage();
    await there.remove(old, address('new', '192.0.2.94'));
    await there.add(old, address('new', '192.0.2.97'));
    await stage().domainsync('compare', old);
    const listed = /conflict +new\.before\.example A 192\.0\.2\.9[47]/u;
    await until('the list', async () => listed.test(await stage().domainsync('zone', old)));
    assert.ok(await stands(there, old, address('new', '192.0.2.97')));
  });
}

function zoneSteps(stage: () => ServerStage): void {
  test('a new zone: made there, or by the provider first; filled with the panel’s content', async () => {
    const { atPanel, there, panel } = stage();
    if (!there.makesZones) {
      const early = await atPanel.makeZone(zone);
      assert.match(early.error?.text ?? '', /only the provider can create it there/);
      assert.ok(!panel.zones().includes(zone));
      await there.makeZones([{ name: zone, records: [] }]);
    }
    succeeded(await atPanel.makeZone(zone));
    await until('its content', () => agreed(stage(), zone));
    assert.ok(await standsName(there, zone, 'www'));
  });

  test('somebody else’s zone: refused', async () => {
    const { atPanel, there, panel } = stage();
    await there.makeForeignZone('taken.example');
    const answer = await atPanel.makeZone('taken.example');
    assert.match(answer.error?.text ?? '', /another account/);
    assert.ok(!panel.zones().includes('taken.example'));
  });

  test('a zone is deleted in the panel at once', async () => {
    const { atPanel, there, panel } = stage();
    if (!there.makesZones) await there.makeZones([{ name: leaving, records: [] }]);
    succeeded(await atPanel.makeZone(leaving));
    await until('its content', () => agreed(stage(), leaving));
    succeeded(await atPanel.dropZone(leaving));
    assert.ok(!panel.zones().includes(leaving));
  });
}

/** Tests of background work. They run after all other steps. */
function laterSteps(stage: () => ServerStage): void {
  test('the deleted zone is gone there too, or is left to the provider, which is said', async () => {
    const { there } = stage();
    const history = async (): Promise<string> => await stage().domainsync('history', '--latest', '500');
    if (there.makesZones) await until('the delete', async () => !(await there.hasZone(leaving)));
    else await until('the note', async () => (await history()).includes('[zone.left-at-central]'));
    assert.equal(await there.hasZone(leaving), !there.makesZones);
  });

  test('what the panel refused itself is undone there', async () => {
    await until('the undo', async () => !(await stands(stage().there, zone, half)));
    await onNeither(stage(), half);
  });
}

function recordSteps(stage: () => ServerStage, { panel, central }: Pair): void {
  test('the panel refuses its own part', async () => {
    const { atPanel, panel: own, there } = stage();
    own.switches.failLocal = { [atPanel.words.save]: { code: 1, text: 'disk quota exceeded', count: 1 } };
    assert.match((await atPanel.save(zone, half)).error?.text ?? '', /quota/);
    assert.ok(await stands(there, zone, half));
  });

  test('each type the panel can make: added, changed, deleted', async () => {
    const { atPanel } = stage();
    // BIND refuses an MX record if its host is in the zone and has no address.
    await mirrored(stage(), address('mail', '192.0.2.8'));
    for (const [first, second] of pairs.filter(([{ type }]) => atPanel.words.types.has(type))) {
      // BIND ignores a DS record at a name without a delegation.
      if (first.type === 'DS')
        await mirrored(stage(), { name: first.name, type: 'NS', value: 'ns.example.net.' });
      await mirrored(stage(), first);
      succeeded(await atPanel.change(zone, first, second));
      await onBoth(stage(), second);
      succeeded(await atPanel.remove(zone, second));
      await onNeither(stage(), first);
      await onNeither(stage(), second);
    }
  });

  if (panel !== 'v4')
    test('a TTL of its own, and a change of nothing else', async () => {
      const { atPanel, there } = stage();
      const record = { ...address('ttl', '192.0.2.3'), ttl: 300 };
      await mirrored(stage(), record);
      succeeded(await atPanel.change(zone, record, { ...record, ttl: 900 }));
      assert.ok(await stands(there, zone, { ...record, ttl: 900 }));
      assert.deepEqual(await there.public.lines(`ttl.${zone}`, 'A'), [`ttl.${zone}. 900 A 192.0.2.3`]);
    });

  test('several deleted with one click', async () => {
    const group = [
      address('g1', '192.0.2.4'),
      address('g1', '192.0.2.5'),
      { name: 'g2', type: 'TXT', value: 'one text; with "quotes"' },
    ];
    for (const record of group) await mirrored(stage(), record);
    succeeded(await stage().atPanel.remove(zone, ...group));
    for (const record of group) await onNeither(stage(), record);
  });

  test('a CNAME beside what the provider has: refused, quoting it', async () => {
    const { atPanel, there } = stage();
    await there.add(zone, address('busy', '192.0.2.6'));
    const alias = { name: 'busy', type: 'CNAME', value: 'elsewhere.example.net.' };
    await refused(stage(), () => atPanel.save(zone, alias), /cannot stand beside.*192\.0\.2\.6/u);
  });

  if (central !== 'bind' && central !== 'gateway-bind') return;
  test('a mail server without address, which BIND does not take: refused in words', async () => {
    const { atPanel } = stage();
    const mail = { name: 'm', type: 'MX', value: 'no-address', numbers: [10] };
    await refused(stage(), () => atPanel.save(zone, mail), /refused the change: REFUSED.*an MX/u);
  });
}

/** Tests of values that can be written in several ways, and of values that are never sent. */
function spellingSteps(stage: () => ServerStage, panel: Pair['panel']): void {
  test('issue 12.2: a text with a line break or a tab is never written', async () => {
    const { atPanel, there } = stage();
    const sound = { name: 'dkim', type: 'TXT', value: 'v=DKIM1; p=abc' };
    await mirrored(stage(), sound);
    // The undo of an earlier step may still be open, and its write would be counted.
    await settled(stage());
    const written = await there.writes();
    for (const char of ['\n', '\r\n', '\t']) {
      const broken = { ...sound, value: `v=DKIM1; p=${char}def` };
      await refused(stage(), () => atPanel.change(zone, sound, broken), /line break/u);
      await refused(stage(), () => atPanel.save(zone, { ...broken, name: 'other' }), /line break/u);
    }
    assert.equal(await there.writes(), written);
  });

  test('issue 12.3: of two rows that mean one record one goes: the record stays', async () => {
    const { atPanel } = stage();
    const short = { name: 'six', type: 'AAAA', value: '2001:db8::1' };
    const long = { ...short, value: '2001:db8:0:0::1' };
    await staysUntilLast(stage(), short, long);
    // The panel gets both rows again, and one call removes both of them.
    await mirrored(stage(), short);
    succeeded(await atPanel.save(zone, long));
    await settled(stage());
    await removeRows(stage(), rowsAt(stage(), short.name));
    await onNeither(stage(), short);
    if (panel === 'v4') return;
    const whole = { name: 'strings', type: 'TXT', value: 'ab' };
    await staysUntilLast(stage(), whole, { ...whole, value: '"a" "b"' });
  });

  test('an address changed to and fro without a pause: only the last one is public each time', async () => {
    const { atPanel, there } = stage();
    const both = [address('fro', '192.0.2.51'), address('fro', '192.0.2.52')] as const;
    // These edits lead to comparisons. They run in the zone `old`, so that they do not disturb the next test.
    succeeded(await atPanel.save(old, both[0]));
    await settled(stage());
    for (const [from, to] of [both, both.toReversed(), both, both.toReversed(), both]) {
      assert.ok(from !== undefined && to !== undefined);
      succeeded(await atPanel.change(old, from, to));
      assert.ok(await stands(there, old, to), `${to.value} is public`);
      assert.ok(!(await stands(there, old, from)), `${from.value} is public no longer`);
    }
  });

  test('issue 12.12: a delegation to a zone of the same server is deleted', async () => {
    const { atPanel, there } = stage();
    const first = { name: 'child', type: 'NS', value: 'ns1.example.net.' };
    const second = { ...first, value: 'ns2.example.net.' };
    await mirrored(stage(), first);
    await mirrored(stage(), second);
    await there.makeForeignZone(`child.${zone}`);
    await settled(stage());
    succeeded(await atPanel.remove(zone, second));
    await onNeither(stage(), second);
    await onBoth(stage(), first);
    await settled(stage());
    if (panel !== 'v4') {
      succeeded(await atPanel.change(zone, first, { ...first, ttl: 900 }));
      assert.ok(await stands(there, zone, { ...first, ttl: 900 }));
      await settled(stage());
    }
    succeeded(await atPanel.remove(zone, panel === 'v4' ? first : { ...first, ttl: 900 }));
    await onNeither(stage(), first);
  });

  if (panel === 'v4') return;
  test('issue 12.1: a CAA typed with quotation marks is the same as without them', async () => {
    const { atPanel, there } = stage();
    const typed = { name: 'caa', type: 'CAA', value: '0 issue "ca.example"', ttl: 300 };
    succeeded(await atPanel.save(zone, typed));
    const shown = async (ttl: number): Promise<void> => {
      const said = `caa.${zone}. ${ttl} CAA 0 issue "ca.example"`;
      assert.deepEqual(await there.public.lines(`caa.${zone}`, 'CAA'), [said]);
    };
    await shown(300);
    succeeded(await atPanel.change(zone, typed, { ...typed, ttl: 600 }));
    await shown(600);
    await settled(stage());
    await shown(600);
    succeeded(await atPanel.remove(zone, { ...typed, ttl: 600 }));
    await settled(stage());
    assert.ok(!(await standsName(there, zone, 'caa')));
  });

  test('issue 12.12: escaped octets in a text of several strings', async () => {
    const { atPanel, there } = stage();
    const text = { name: 'cafe', type: 'TXT', value: String.raw`"caf\195\169 " "x"` };
    succeeded(await atPanel.save(zone, text));
    const said = [`cafe.${zone}. 3600 TXT "caf\\195\\169 x"`];
    assert.deepEqual(await there.public.lines(`cafe.${zone}`, 'TXT'), said);
    await settled(stage());
    succeeded(await atPanel.remove(zone, text));
    assert.ok(!(await standsName(there, zone, 'cafe')));
  });
}

/**
 * Saves two rows that mean the same record in the panel, and removes them one after the other. Asserts that
 * the central has the record until both are removed.
 */
async function staysUntilLast(stage: ServerStage, first: Wanted, second: Wanted): Promise<void> {
  const { atPanel, there } = stage;
  succeeded(await atPanel.save(zone, first));
  succeeded(await atPanel.save(zone, second));
  await settled(stage);
  const written = await there.writes();
  const [one = '', other = ''] = rowsAt(stage, first.name);
  await removeRows(stage, [other]);
  await settled(stage);
  assert.ok(await standsName(there, zone, first.name));
  assert.equal(await there.writes(), written);
  await removeRows(stage, [one]);
  assert.ok(!(await standsName(there, zone, first.name)));
  await settled(stage);
}

/** Identifiers of the panel's rows that have this name. */
function rowsAt({ panel }: ServerStage, name: string): readonly string[] {
  return panel.keys(zone)?.filter((key) => key.startsWith(`${name}.`) || key.startsWith(`${name} `)) ?? [];
}

async function removeRows({ atPanel }: ServerStage, keys: readonly string[]): Promise<void> {
  succeeded(await atPanel.act(atPanel.words.remove, { plid: zone, elid: keys.join(', ') }));
}

function faultSteps(stage: () => ServerStage): void {
  test('an answer lost after the change: it counts, or nothing was done', async () => {
    const { atPanel, relay } = stage();
    relay.withhold();
    const record = address('lost', '192.0.2.10');
    const saving = atPanel.save(zone, record);
    await until('the change', () => stands(stage().there, zone, record));
    relay.answerAgain();
    relay.cut();
    const { ok } = await saving;
    assert.equal(holds(stage().panel, zone, record), ok);
    await until('both sides to agree', async () => (await stands(stage().there, zone, record)) === ok);
  });

  test('the agent killed when the change is made and not yet answered: on neither side in the end', async () => {
    const { atPanel, panel, there } = stage();
    const record = address('cut', '192.0.2.14');
    const pid = await stage().agent();
    assert.ok(pid !== null);
    there.withhold();
    const saving = atPanel.save(zone, record);
    await until('the change', () => stands(there, zone, record));
    await endProcess(pid, 'SIGKILL');
    assert.equal((await saving).ok, false);
    assert.ok(!holdsName(panel, zone, 'cut'));
    there.answerAgain();
    succeeded(await atPanel.save(zone, address('after', '192.0.2.14')));
    await until('the recovery', async () => !(await stands(there, zone, record)));
    await settled(stage());
    await onNeither(stage(), record);
    await onBoth(stage(), address('after', '192.0.2.14'));
  });

  test('the server halted in mid-edit: refused in time, on neither side or on both', async () => {
    const { atPanel, server } = stage();
    stage().configure({}, { deadline: '3' });
    await until(
      'the new settings',
      async () => (await atPanel.save(zone, address(`d${Date.now()}`, '192.0.2.15'))).ok,
    );
    await settled(stage());
    const record = address('halted', '192.0.2.16');
    const started = performance.now();
    await server.halt();
    try {
      const answer = await atPanel.save(zone, record);
      assert.equal(answer.ok, false, answer.body);
      // With the default deadline, the refusal would take 10 seconds.
      assert.ok(performance.now() - started < 9_000);
    } finally {
      server.resume();
      stage().configure();
    }
    const up = address('goes-on', '192.0.2.17');
    await until('edits again', async () => (await atPanel.save(zone, up)).ok);
    await settled(stage());
    await onNeither(stage(), record);
    await onBoth(stage(), up);
  });

  test('the server down: refused in time; edits go on once it is there', async () => {
    const { atPanel, there, panel } = stage();
    await there.down();
    const answer = await atPanel.save(zone, address('down', '192.0.2.18'));
    // Either this edit or a background read is the first call to fail. In the second case the breaker refuses
    // the edit.
    assert.match(answer.error?.text ?? answer.body, /central\.(?:unreachable|breaker-open)/);
    assert.ok(!holdsName(panel, zone, 'down'));
    await there.up();
    const up = address('up', '192.0.2.19');
    await until('edits again', async () => (await atPanel.save(zone, up)).ok);
    await onBoth(stage(), up);
  });
}

/** What check and doctor say of a central: that it works, that it refuses the login, and the way out. */
interface Told {
  readonly doctor: RegExp;
  readonly check: RegExp;
  readonly wayOut: RegExp;
}

const keyed = {
  doctor: /ok +central +BIND, Knot DNS \(RFC 2136\) at dns:/u,
  wayOut: /compare name, secret and "algorithm"/u,
};

const behindGateway = {
  doctor: /ok +central +domainsync gateway at http:/u,
  check: /\[central\.login\]/u,
  wayOut: /compare "username" with the customer/u,
};

const told: Readonly<Record<ServerKind, Told>> = {
  bind: {
    ...keyed,
    check: /the secret of the TSIG key is not the same on both sides.*\[central\.login\]/u,
  },
  knot: { ...keyed, check: /TSIG key.*\[central\.login\]/u },
  powerdns: {
    doctor: /ok +central +PowerDNS at http:/u,
    check: /\[central\.login\]/u,
    wayOut: /compare "password" with the API key/u,
  },
  gateway: behindGateway,
  'gateway-bind': behindGateway,
  'gateway-knot': behindGateway,
};

/** Tests of the command line for a name server as central. */
function changeSteps(stage: () => ServerStage, central: ServerKind): void {
  test('check, status and doctor say what is true of a name server', async () => {
    const { there } = stage();
    // The edits of the steps before are open until the panel has shown them.
    await settled(stage());
    const said = await stage().domainsync('check');
    const listsZones = central !== 'bind' && central !== 'knot';
    // A zone that was deleted in the panel is left to the provider who makes the zones.
    const own = there.makesZones ? /login works, 2 zones/u : /login works, 3 zones/u;
    const counted = listsZones ? own : /login works, 2 of the panel's 2 zones there/u;
    assert.match(said, counted);
    const doctor = await stage().domainsync('doctor');
    assert.match(doctor, told[central].doctor);
    assert.doesNotMatch(doctor, /certificate/u);
    assert.match(doctor, /^0 problems, 0 warnings/mu);
    assert.match(await stage().domainsync('status'), /0 open, 0 stuck/u);
  });

  test('a wrong secret: said by check and doctor, with the way out', async () => {
    const { atPanel } = stage();
    stage().configure({ password: 'bm90IHRoZSByaWdodCBvbmU=' });
    await assert.rejects(stage().domainsync('check'), told[central].check);
    const doctor = await stage()
      .domainsync('doctor')
      .catch((error: unknown) => String(error instanceof Error && 'stdout' in error ? error.stdout : error));
    assert.match(doctor, told[central].wayOut);
    stage().configure();
    const again = address('again', '192.0.2.20');
    await until('edits again', async () => (await atPanel.save(zone, again)).ok);
    await onBoth(stage(), again);
  });

  test('a comparison with nothing to find writes nothing', async () => {
    const { there } = stage();
    await settled(stage());
    const written = await there.writes();
    await stage().domainsync('compare');
    await settled(stage());
    assert.equal(await there.writes(), written);
  });
}
