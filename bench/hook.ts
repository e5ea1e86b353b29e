/**
 * What one edit costs the panel: with domainsync (agent warm), with a one-shot Python handler that does what the original did, and
 * with no plugin at all, interleaved in one run against the same central. Every panel is a process of its own.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, until } from '../demo/stage.ts';
import { askAgent } from '../src/cli/ask.ts';
import { install } from '../src/app/install.ts';
import { saveSettings } from '../src/config/settings.ts';
import { round, spread, timed, type Spread } from './measure.ts';
import { startPanel, type RemotePanel } from './panels.ts';

const zone = 'bench.example';
const rounds = 60;
const user = { name: 'kunde', password: 'bench-password' };
const dist = join(import.meta.dirname, '../dist');

interface Bench {
  readonly central: RemotePanel;
  readonly ours: RemotePanel;
  readonly python: RemotePanel;
  readonly bare: RemotePanel;
  readonly socket: string;
}

export async function benchHook(): Promise<Record<string, number>> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const [central, ours, python, bare] = await Promise.all([
    startPanel(join(directory, 'central'), user),
    startPanel(join(directory, 'ours'), user),
    startPanel(join(directory, 'python'), user),
    startPanel(join(directory, 'bare'), user),
  ]);
  const bench = { central, ours, python, bare, socket: join(directory, 'agent.sock') };
  try {
    await furnish(bench);
    return { ...(await edits(bench)), ...(await processes(bench)) };
  } finally {
    await endProcess((await status(bench)).pid);
    await Promise.all([central, ours, python, bare].map((panel) => panel.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

async function furnish({ central, ours, python, bare, socket }: Bench): Promise<void> {
  const form = { elid: '', name: zone, ip: '192.0.2.1', sok: 'ok' };
  for (const panel of [central, ours, python, bare]) await panel.act('domain.edit', form);
  install({ root: ours.root, from: dist, socket });
  saveSettings(ours.root, {
    isp_master: {
      host: central.url,
      username: user.name,
      password: user.password,
      fingerprint: central.fingerprint,
    },
    sync: { compare_every: '0' },
  });
  ours.restart();
  placePython(python, central);
  const first = { plid: zone, elid: '', name: 'first', sdtype: 'A', addr: '192.0.2.1', sok: 'ok' };
  for (const panel of [ours, python]) {
    const name = panel === ours ? 'first' : 'second';
    const sent = async (): Promise<boolean> => {
      await panel.act('domain.sublist.edit', { ...first, name });
      const list = await central.act('domain.sublist', { elid: zone });
      return list.elems.some((row) => row['name'] === name);
    };
    await until('the first mirrored edit', sent);
  }
}

function placePython(panel: RemotePanel, central: RemotePanel): void {
  const text = readFileSync(join(import.meta.dirname, 'baseline/handler.py'), 'utf8')
    .replace('@URL@', central.url)
    .replace('@USER@', user.name)
    .replace('@PASSWORD@', user.password);
  mkdirSync(join(panel.root, 'addon'), { recursive: true });
  writeFileSync(join(panel.root, 'addon/original'), text);
  chmodSync(join(panel.root, 'addon/original'), 0o700);
  writeFileSync(
    join(panel.root, 'etc/ispmgr_mod_original.xml'),
    '<?xml version="1.0"?>\n<mgrdata><handler name="original" type="cgi">' +
      '<event after="yes">domain.sublist.edit</event></handler></mgrdata>\n',
  );
  panel.restart();
}

/** Changes one record each round, in all three panels and at the central by hand; the zone keeps its size. */
async function edits(bench: Bench): Promise<Record<string, number>> {
  const raw = rawClient(bench.central);
  const list = { func: 'domain.sublist', elid: zone };
  const ways: Record<string, (form: Readonly<Record<string, string>>) => Promise<unknown>> = {
    bare: (form) => succeed(bench.bare, form),
    python: (form) => succeed(bench.python, form),
    rawOne: (form) => raw({ func: 'domain.sublist.edit', ...form }),
    // What a careful edit asks of the central: read, write, read back.
    rawCareful: async (form) => {
      await raw(list);
      await raw({ func: 'domain.sublist.edit', ...form });
      await raw(list);
    },
    ours: (form) => succeed(bench.ours, form),
  };
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (let at = 0; at < rounds; at += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const old = at === 0 ? '' : `${name.toLowerCase()} A  192.0.2.${at}`;
      const form = {
        plid: zone,
        elid: old,
        name: name.toLowerCase(),
        sdtype: 'A',
        addr: `192.0.2.${at + 1}`,
        sok: 'ok',
      };
      times.get(name)?.push(await timed(() => way(form)));
    }
    // The agent looks at the panel in its own time; that is not to fall into the next measurement.
    await until('the agent to rest', async () => (await status(bench)).engine.open === 0);
  }
  const of = (name: string): Spread => spread(times.get(name) ?? []);
  return figures({
    ours: of('ours'),
    python: of('python'),
    bare: of('bare'),
    one: of('rawOne'),
    careful: of('rawCareful'),
  });
}

function figures(
  spreads: Readonly<Record<'ours' | 'python' | 'bare' | 'one' | 'careful', Spread>>,
): Record<string, number> {
  const { ours, python, bare, one, careful } = spreads;
  const cost = (whole: Spread, central: Spread): Spread => ({
    p50: round(whole.p50 - bare.p50 - central.p50),
    p95: round(whole.p95 - bare.p50 - central.p50),
  });
  const edit = cost(ours, careful);
  const original = cost(python, one);
  return {
    edit_total_p50_ms: round(ours.p50 - bare.p50),
    edit_total_p95_ms: round(ours.p95 - bare.p50),
    python_total_p50_ms: round(python.p50 - bare.p50),
    python_total_p95_ms: round(python.p95 - bare.p50),
    central_one_call_p50_ms: one.p50,
    central_read_write_read_p50_ms: careful.p50,
    edit_beyond_central_p50_ms: edit.p50,
    edit_beyond_central_p95_ms: edit.p95,
    python_beyond_central_p50_ms: original.p50,
    python_beyond_central_p95_ms: original.p95,
    edit_to_python_beyond_central_p95_ratio: round(edit.p95 / original.p95),
    edit_to_python_total_p95_ratio: round((ours.p95 - bare.p50) / (python.p95 - bare.p50)),
  };
}

/** Bare calls over one warm connection. */
function rawClient(central: RemotePanel): (parameters: Readonly<Record<string, string>>) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  return (parameters) =>
    new Promise((resolve, reject) => {
      const form = new URLSearchParams({
        authinfo: `${user.name}:${user.password}`,
        out: 'xml',
        ...parameters,
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const sent = request(`${central.url}/manager/ispmgr`, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve());
      });
      sent.on('error', reject);
      sent.end(form.toString());
    });
}

async function succeed(panel: RemotePanel, form: Readonly<Record<string, string>>): Promise<void> {
  const answer = await panel.act('domain.sublist.edit', form);
  if (!answer.ok) throw new Error(answer.error?.text ?? answer.body);
}

interface Status {
  readonly pid: number;
  readonly engine: { readonly open: number };
}

async function status({ socket }: Bench): Promise<Status> {
  return (await askAgent(socket, { do: 'status' })) as Status;
}

/** The processes alone, without a panel around them. */
async function processes({ ours, python }: Bench): Promise<Record<string, number>> {
  const shim = join(ours.root, 'addon/domainsync');
  const original = join(python.root, 'addon/original');
  const path = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const call = { ...path, HANDLER_STAGE: 'before', REQUEST_METHOD: 'GET' };
  const opening = { ...call, QUERY_STRING: `func=domain.sublist.edit&plid=${zone}&elid=` };
  // A save of a function that is none of ours goes to the agent and straight back.
  const asking = { ...call, QUERY_STRING: 'func=usrparam&sok=ok' };
  const way = (program: string, environment: Record<string, string>, ...words: string[]): unknown => ({
    program,
    arguments: words,
    environment,
  });
  const ways = {
    hook: way(shim, asking),
    opening: way(shim, opening),
    python_opening: way(original, opening),
    node: way(process.execPath, path, '-e', '0'),
    sh: way('/bin/sh', path, '-c', ':'),
  };
  const times = await runSpawner({ rounds, ways });
  const of = (name: string): Spread => spread(times[name] ?? []);
  const all: Record<string, number> = {};
  for (const name of Object.keys(ways)) {
    all[`${name}_process_p50_ms`] = of(name).p50;
    all[`${name}_process_p95_ms`] = of(name).p95;
  }
  return {
    ...all,
    hook_to_node_p50_ratio: round(of('hook').p50 / of('node').p50),
    opening_to_python_opening_p50_ratio: round(of('opening').p50 / of('python_opening').p50),
  };
}

function runSpawner(task: unknown): Promise<Record<string, number[]>> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', [join(import.meta.dirname, 'spawn.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', () => resolve(JSON.parse(text) as Record<string, number[]>));
    child.stdin.end(JSON.stringify(task));
  });
}
