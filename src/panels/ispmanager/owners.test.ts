/**
 * Tests how the owner of each zone is read from the lists that an administrator sees (docs/compatibility.md,
 * A39).
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startSandbox, type Generation, type Sandbox, type SandboxUser } from '../../../sandbox/index.ts';
import type { OwnerList } from '../../core/panel.ts';
import { PanelError } from '../../core/panel.ts';
import type { ForeignAccount } from '../../core/panel-hand.ts';
import { parseName } from '../../dns/name.ts';
import { createIspmanagerHand } from './by-hand.ts';
import { createIspmanagerPanel } from './index.ts';
import { kindOfGeneration } from '../../testing/accounts/ispmanager.ts';

const ctx = { signal: new AbortController().signal, operation: '-' };

/** The accounts: alice belongs to the administrator, bob to the reseller rick. */
const accounts: readonly SandboxUser[] = [
  { name: 'root', password: 'rp', level: 7 },
  { name: 'rick', password: 'rick', level: 6 },
  { name: 'alice', password: 'alice', level: 5 },
  { name: 'bob', password: 'bob', level: 5, owner: 'rick' },
];

interface Subject {
  readonly sandbox: Sandbox;
  readonly owners: () => Promise<OwnerList>;
}

async function start(
  t: TestContext,
  generation: Generation,
  switches: Partial<Sandbox['switches']> = {},
  users: readonly SandboxUser[] = accounts,
): Promise<Subject> {
  const root = mkdtempSync(join(tmpdir(), 'owners-'));
  const plain = { defaultHosts: [], defaultMxRecords: false, defaultSpf: false };
  const sandbox = await startSandbox({
    root,
    generation,
    tls: false,
    users,
    switches: { ...plain, ...switches },
  });
  t.after(async () => {
    await sandbox.stop();
    rmSync(root, { recursive: true, force: true });
  });
  for (const { name: user, password } of users) {
    const name = `${Buffer.from(user).toString('hex')}.example`;
    const made = await sandbox.call(
      'domain.edit',
      { elid: '', name, ip: '192.0.2.1', sok: 'ok' },
      { user, password },
    );
    assert.ok(made.ok, made.body);
  }
  const panel = createIspmanagerPanel({ root, kind: kindOfGeneration[generation] });
  return { sandbox, owners: () => panel.readOwners(ctx) };
}

/** For each account, the owners of the zone that it created. */
function told({ zones }: OwnerList): Record<string, readonly string[] | null> {
  const maker = (zone: string): string => Buffer.from(zone.split('.')[0] ?? '', 'hex').toString();
  return Object.fromEntries([...zones].map(([zone, names]) => [maker(zone), names]));
}

async function isGarbled(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => error instanceof PanelError && error.code === 'panel.garbled');
}

for (const generation of ['v4', 'v5', 'v6', 'dnsmgr'] as const) {
  test(`${generation}: a column of the list, with the reseller above`, async (t) => {
    const { owners } = await start(t, generation);
    const list = await owners();
    assert.equal(list.way, 'column');
    const { root, ...others } = told(list);
    assert.equal(root?.[0], 'root');
    assert.deepEqual(others, { rick: ['rick', 'root'], alice: ['alice', 'root'], bob: ['bob', 'rick'] });
  });
}

test('no zones, no column, no accounts: nobody has to be asked', async (t) => {
  const { sandbox, owners } = await start(t, 'v6', { ownerColumn: 'none' }, []);
  assert.deepEqual(await owners(), { way: 'column', zones: new Map() });
  const root = { name: 'root', password: 'rp', level: 7 } as const;
  const alone = await start(t, 'v6', { ownerColumn: 'none' }, [root]);
  const list = await alone.owners();
  assert.deepEqual([list.way, told(list)], ['each-account', { root: null }]);
  assert.equal(sandbox.requests.filter(({ params }) => params['su'] !== undefined).length, 0);
});

test('v6 without the column: the list as each account sees it, a zone to its owner and his reseller', async (t) => {
  const { sandbox, owners } = await start(t, 'v6', { ownerColumn: 'none' });
  const list = await owners();
  assert.equal(list.way, 'each-account');
  // No account below the administrators sees root's zone, so the zone's owner is unknown.
  assert.deepEqual(told(list), { root: null, rick: ['rick'], alice: ['alice'], bob: ['bob', 'rick'] });
  const asked = sandbox.requests.filter(
    ({ func, params }) => func === 'domain' && params['su'] !== undefined,
  );
  assert.deepEqual(new Set(asked.map(({ params }) => params['su'])), new Set(['rick', 'alice', 'bob']));
});

test('v6 without the column, and `su` does nothing: owners are not to be had', async (t) => {
  const { owners } = await start(t, 'v6', { ownerColumn: 'none', ignoreSu: true });
  const list = await owners();
  assert.equal(list.way, 'none');
  assert.deepEqual(told(list), { root: null, rick: null, alice: null, bob: null });
});

test('a zone that two accounts see of which none is above the other is nobody’s', async (t) => {
  const users = accounts
    .filter(({ name }) => name !== 'rick')
    .map(({ name, password, level = 5 }) => ({ name, password, level }));
  const { sandbox, owners } = await start(t, 'v6', { ownerColumn: 'none' }, users);
  const whole = await sandbox.call('domain', {}, { user: 'root', password: 'rp' });
  // This panel answers `whoami` correctly, but shows every zone to every account.
  const wrapped = join(sandbox.root, 'wrapped');
  writeFileSync(
    wrapped,
    `#!/bin/sh\ncase "$*" in *whoami*) ;; *su=*) cat <<'END'\n${whole.body}\nEND\nexit ;; esac\nexec '${sandbox.root}/sbin/mgrctl' "$@"\n`,
  );
  chmodSync(wrapped, 0o700);
  const panel = createIspmanagerPanel({ root: sandbox.root, kind: 'ispmanager6', mgrctl: wrapped });
  const list = await panel.readOwners(ctx);
  assert.deepEqual([list.way, told(list)], ['each-account', { root: null, alice: null, bob: null }]);
  assert.deepEqual(told(await owners()), { root: null, alice: ['alice'], bob: ['bob'] });
});

test('an account that goes while the others are asked, and one whose own list is filtered', async (t) => {
  const { sandbox, owners } = await start(t, 'v6', { ownerColumn: 'none' });
  sandbox.faults.add({
    func: 'domain',
    params: { su: 'bob' },
    via: 'mgrctl',
    effect: 'refuse',
    code: 3,
    count: 1,
  });
  assert.deepEqual(told(await owners())['bob'], ['rick']);
  sandbox.switches.filters = { alice: 'nothing', rick: 'nothing' };
  assert.deepEqual(told(await owners()), { root: null, rick: null, alice: null, bob: ['bob'] });
});

test('a list that is cut is an error, whichever', async (t) => {
  const { sandbox, owners } = await start(t, 'v6', { recordLimit: 3 });
  await isGarbled(owners());
  Object.assign(sandbox.switches, { recordLimit: 0, ownerColumn: 'none' });
  for (const params of [{ su: 'rick' }, {}]) {
    const func = 'su' in params ? 'domain' : 'user';
    sandbox.faults.add({ func, params, via: 'mgrctl', effect: 'cut', at: 0.7, count: 1 });
    await isGarbled(owners());
  }
});

test('accounts with odd names are asked and told as they are', async (t) => {
  const odd = ['ünter', "o'neil x", '$HOME', '-e', 'a=b', 'per%20cent', '17'];
  const users: SandboxUser[] = [
    { name: 'root', password: 'rp', level: 7 },
    ...odd.map((name) => ({ name, password: 'p', level: 5 }) as const),
  ];
  for (const ownerColumn of ['user', 'none'] as const) {
    const { owners } = await start(t, 'v6', { ownerColumn }, users);
    const { root: _, ...zones } = told(await owners());
    const expected = odd.map((name) => [name, ownerColumn === 'none' ? [name] : [name, 'root']]);
    assert.deepEqual(zones, Object.fromEntries(expected));
  }
});

test('300 accounts: one call each, one after the other, and nothing secret in a list of processes', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'owners-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const names = Array.from({ length: 300 }, (_, at) => `u${at}`);
  const rows = (of: readonly string[]): string =>
    of.map((name) => `<elem><name>${name}</name></elem>`).join('');
  writeFileSync(join(root, 'user'), `<doc>${rows(names)}</doc>`);
  writeFileSync(join(root, 'domain'), `<doc>${rows(names.map((name) => `${name}.example`))}</doc>`);
  const tool = join(root, 'mgrctl');
  writeFileSync(
    tool,
    `#!/bin/sh
cd '${root}' || exit 1
mkdir running || echo overlap >>calls
echo "$*" >>calls
func=$5 su=\${6#su=}
case $func$6 in
  user | domain) cat "$func" ;;
  whoami*) echo "<doc><user name=\\"$su\\"/></doc>" ;;
  domain*) echo "<doc><elem><name>$su.example</name></elem></doc>" ;;
  *) echo '<doc><error type="access"/></doc>' ;;
esac
rmdir running
`,
  );
  chmodSync(tool, 0o700);
  const panel = createIspmanagerPanel({ root, kind: 'ispmanager6', mgrctl: tool });
  const { way, zones } = await panel.readOwners(ctx);
  assert.deepEqual([way, zones.size], ['each-account', 300]);
  for (const [zone, owners] of zones) assert.deepEqual(owners, [zone.split('.')[0]]);
  const calls = readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');
  assert.equal(calls.length, 304);
  for (const call of calls)
    assert.match(call, /^-m ispmgr -o xml (?:domain|user|reseller|whoami)(?: su=u\d+)?$/u);
});

for (const generation of ['v4', 'v5', 'v6', 'dnsmgr'] as const) {
  test(`${generation}: somebody with no right to a zone is an account with a zone of its own`, async (t) => {
    const { sandbox } = await start(t, generation);
    const hand = createIspmanagerHand({ root: sandbox.root, kind: kindOfGeneration[generation] });
    const stranger = (of: string): Promise<ForeignAccount> =>
      hand.stranger(parseName(`${Buffer.from(of).toString('hex')}.example.`), ctx);
    const drop = async (user: string): Promise<void> => {
      const elid = `${Buffer.from(user).toString('hex')}.example`;
      await sandbox.call('domain.delete', { elid }, { user, password: user });
    };
    sandbox.switches.filters = { rick: 'nothing' };
    assert.deepEqual(await stranger('root'), { kind: 'account', name: 'alice' });
    assert.deepEqual(await stranger('alice'), { kind: 'account', name: 'bob' });
    sandbox.switches.ignoreSu = true;
    assert.deepEqual(await stranger('root'), { kind: 'none' });
    Object.assign(sandbox.switches, { ignoreSu: false, ownerColumn: 'none' });
    await drop('alice');
    assert.deepEqual(await stranger('root'), { kind: 'account', name: 'bob' });
    // bob may not use the function at all, so a refusal shows nothing about the zone.
    const func = generation === 'v4' ? 'domain.sublist.edit' : 'domain.record.edit';
    sandbox.faults.add({
      func,
      params: { su: 'bob' },
      via: 'mgrctl',
      effect: 'refuse',
      code: 6,
      count: null,
    });
    assert.deepEqual(await stranger('root'), { kind: 'none' });
    sandbox.faults.clear();
    await drop('bob');
    assert.deepEqual(await stranger('root'), { kind: 'none' });
  });
}

test('where there are no accounts there is nobody to try', async (t) => {
  const { sandbox } = await start(t, 'v6', {}, [{ name: 'root', password: 'rp', level: 7 }]);
  const hand = createIspmanagerHand({ root: sandbox.root, kind: 'ispmanager6' });
  const zone = parseName(`${Buffer.from('root').toString('hex')}.example.`);
  assert.deepEqual(await hand.stranger(zone, ctx), { kind: 'no-accounts' });
});
