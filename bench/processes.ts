/** Measures the processes that the panel starts for hook calls, without a panel. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as v from 'valibot';
import { ratio, spread, type PanelVersion, type Spread } from './measure.ts';
import { zone, type Scene } from './scene.ts';

interface Way {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const path = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

/** Environment variables with which the panel starts a handler. */
export function handlerEnvironment(
  version: PanelVersion,
  parameters: Readonly<Record<string, string>>,
): Record<string, string> {
  const query = { QUERY_STRING: new URLSearchParams(parameters).toString() };
  if (version === 'v4') return { ...path, ...query, HANDLER_STAGE: 'before', REQUEST_METHOD: 'GET' };
  const named = Object.entries(parameters).map(([name, value]) => [`PARAM_${name}`, value]);
  return { ...path, ...query, AUTH_USER: 'kunde', AUTH_LEVEL: '16', ...Object.fromEntries(named) };
}

function waysOf({ version, ours, python }: Scene): Record<string, Way> {
  const shim = join(ours.root, 'addon/domainsync');
  const opening = handlerEnvironment(version, { func: ours.words.save, plid: zone, elid: '' });
  // The product does not handle this function, so the agent answers a call of it at once.
  const asking = handlerEnvironment(version, { func: 'usrparam', sok: 'ok' });
  return {
    [`hook_${version}`]: { program: shim, arguments: [], environment: asking },
    [`opening_${version}`]: { program: shim, arguments: [], environment: opening },
    [`python_opening_${version}`]: {
      program: join(python.root, 'addon/original'),
      arguments: [],
      environment: opening,
    },
  };
}

/**
 * Starts every kind of process in turn, so that the ratios compare times from the same run.
 * @returns figures by generation
 */
export async function measureProcesses(
  scenes: readonly Scene[],
  rounds: number,
): Promise<(version: PanelVersion) => Record<string, number>> {
  const ways: Record<string, Way> = {
    node: { program: process.execPath, arguments: ['-e', '0'], environment: path },
    sh: { program: '/bin/sh', arguments: ['-c', ':'], environment: path },
    ...inTurn(scenes.map(waysOf)),
  };
  const times = await runSpawner({ rounds, ways });
  return (version) => figures(version, (name) => spread(times[name] ?? []));
}

/**
 * Sorts the kinds of processes, so that one kind is measured for all generations in a row. The process that
 * ran before influences the time of the next one.
 */
function inTurn(generations: readonly Readonly<Record<string, Way>>[]): Record<string, Way> {
  const [first = [], ...others] = generations.map((ways) => Object.entries(ways));
  return Object.fromEntries(
    first.flatMap((way, at) => [way, ...others.flatMap((ways) => ways.slice(at, at + 1))]),
  );
}

function figures(version: PanelVersion, of: (name: string) => Spread): Record<string, number> {
  const named: Readonly<Record<string, Spread>> = {
    hook: of(`hook_${version}`),
    opening: of(`opening_${version}`),
    python_opening: of(`python_opening_${version}`),
    node: of('node'),
    sh: of('sh'),
  };
  const all: Record<string, number> = {};
  for (const [name, { p50, p95 }] of Object.entries(named)) {
    all[`${name}_process_p50_ms`] = p50;
    all[`${name}_process_p95_ms`] = p95;
  }
  const hook = of(`hook_${version}`).p50;
  const opening = of(`opening_${version}`).p50;
  all['hook_to_node_p50_ratio'] = ratio(hook, of('node').p50);
  all['opening_to_python_opening_p50_ratio'] = ratio(opening, of(`python_opening_${version}`).p50);
  return all;
}

/** Times in milliseconds for each kind of process. */
const measured = v.record(v.string(), v.array(v.number()));

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
    child.on('close', () => resolve(v.parse(measured, JSON.parse(text))));
    child.stdin.end(JSON.stringify(task));
  });
}
