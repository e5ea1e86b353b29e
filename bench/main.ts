/**
 * `npm run -s bench -- [NAME ...] [--json]`: prints the figures of these parts, or of `hook` without a name.
 * Parts: hook (with memory), edit, memory, central, bulk, compare, history, load, gateway. `--zones` and
 * `--large` are for `compare` (`compare.ts`): how many zones, and how many records in the large one.
 * `--zones` is also for `gateway` and `bulk` (`bulk.ts`), and `--burst`: how many zones get an edit.
 * `--seconds`, `--rate` and `--sync-delay` are for `load` (`load.ts`). `--servers` (their names, with commas
 * between) is for `bulk`, `compare` and `load`. `--only` (names with commas between) is for `gateway`
 * (`gateway.ts`): which of its parts; and `--backend` (sqlite3 or lmdb), `--customers`, `--writes` and
 * `--delay`.
 */
import { parseArgs } from 'node:util';
import { comparedCentrals } from './both-sides.ts';
import { benchBulk, type BulkPlan } from './bulk.ts';
import { benchCentral } from './central.ts';
import { benchCompare, type ComparePlan } from './compare.ts';
import { benchEdit } from './edit.ts';
import { benchGateway, gatewayParts, type GatewayBenchPlan } from './gateway.ts';
import { benchHistory } from './history.ts';
import { benchHook } from './hook.ts';
import { benchLoad, type LoadPlan } from './load.ts';
import { benchMemory } from './memory.ts';
import { softwares } from './name-servers.ts';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    zones: { type: 'string' },
    large: { type: 'string' },
    burst: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string' },
    'sync-delay': { type: 'string' },
    servers: { type: 'string' },
    only: { type: 'string' },
    backend: { type: 'string' },
    customers: { type: 'string' },
    writes: { type: 'string' },
    delay: { type: 'string' },
  },
  allowPositionals: true,
});

/** The number that an option gives; null: the option is absent. */
function numberOf(
  name: 'zones' | 'large' | 'burst' | 'seconds' | 'rate' | 'sync-delay' | 'customers' | 'writes' | 'delay',
): number | null {
  const text = values[name];
  if (text === undefined) return null;
  if (/^\d{1,6}$/u.test(text)) return Number(text);
  console.error(`bench: --${name} takes a number`);
  process.exit(2);
}

/** Drops the fields that are null, so that the defaults apply to them. */
function given<T extends string>(found: Readonly<Record<T, number | null>>): Partial<Record<T, number>> {
  const all: Partial<Record<T, number>> = {};
  for (const name in found) if (found[name] !== null) all[name] = found[name];
  return all;
}

/** The names that `--servers` gives, or another option; without it all of them. */
function chosen<T extends string>(all: readonly T[], text = values.servers): readonly T[] {
  const names = text?.split(',');
  return names === undefined ? all : all.filter((one) => names.includes(one));
}

function loadPlan(): Partial<LoadPlan> {
  const [seconds, rate, syncDelay] = [numberOf('seconds'), numberOf('rate'), numberOf('sync-delay')];
  const servers = values.servers === undefined ? {} : { softwares: chosen(softwares) };
  return { ...servers, ...given({ seconds, rate, syncDelay }) };
}

function bulkPlan(): Partial<BulkPlan> {
  return {
    softwares: chosen(softwares),
    ...given({ zones: numberOf('zones'), burst: numberOf('burst') }),
  };
}

function comparePlan(): Partial<ComparePlan> {
  return {
    centrals: chosen(comparedCentrals),
    ...given({ zones: numberOf('zones'), large: numberOf('large') }),
  };
}

function gatewayPlan(): Partial<GatewayBenchPlan> {
  const [backend] = values.backend === undefined ? [] : chosen(['sqlite3', 'lmdb'], values.backend);
  return {
    parts: chosen(gatewayParts, values.only),
    ...(backend === undefined ? {} : { backend }),
    ...given({
      zones: numberOf('zones'),
      customers: numberOf('customers'),
      writes: numberOf('writes'),
      serverDelay: numberOf('delay'),
    }),
  };
}

const parts: Readonly<Record<string, () => Promise<Record<string, number>>>> = {
  hook: async () => ({ ...(await benchHook()), ...(await benchMemory()) }),
  edit: benchEdit,
  memory: benchMemory,
  central: () => benchCentral(),
  bulk: () => benchBulk(bulkPlan()),
  compare: () => benchCompare(comparePlan()),
  history: () => benchHistory(),
  load: () => benchLoad(loadPlan()),
  gateway: () => benchGateway(gatewayPlan()),
};

const named = positionals.length > 0 ? positionals : ['hook'];
const figures: Record<string, number> = {};
for (const name of named) {
  const part = parts[name];
  if (part === undefined) {
    console.error(`bench: there is no part "${name}"; there are ${Object.keys(parts).join(', ')}`);
    process.exit(2);
  }
  Object.assign(figures, await part());
}
// A failure at one server does not end the run (`name-servers.ts`).
if (Object.keys(figures).some((name) => name.endsWith('_failed'))) process.exitCode = 1;
if (values.json === true) console.log(JSON.stringify(figures, null, 2));
else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(40)} ${value}`);
