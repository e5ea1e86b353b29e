/**
 * `npm run -s bench -- [NAME ...] [--json]`: prints the figures of these parts, or of `hook` without a name.
 * Parts: hook (with memory), edit, memory, central, bulk, compare, history, load. `--zones` and `--large` are
 * for `compare` (`compare.ts`): how many zones, and how many records in the large one. `--seconds`, `--rate`,
 * `--sync-delay` and `--servers` (their names, with commas between) are for `load` (`load.ts`).
 */
import { parseArgs } from 'node:util';
import { benchBulk } from './bulk.ts';
import { benchCentral } from './central.ts';
import { benchCompare } from './compare.ts';
import { benchEdit } from './edit.ts';
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
    seconds: { type: 'string' },
    rate: { type: 'string' },
    'sync-delay': { type: 'string' },
    servers: { type: 'string' },
  },
  allowPositionals: true,
});

/** The number that the user gave for an option; null: the option is absent. */
function numberOf(name: 'zones' | 'large' | 'seconds' | 'rate' | 'sync-delay'): number | null {
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

function loadPlan(): Partial<LoadPlan> {
  const names = values.servers?.split(',');
  const servers = names === undefined ? {} : { softwares: softwares.filter((one) => names.includes(one)) };
  const [seconds, rate, syncDelay] = [numberOf('seconds'), numberOf('rate'), numberOf('sync-delay')];
  return { ...servers, ...given({ seconds, rate, syncDelay }) };
}

const parts: Readonly<Record<string, () => Promise<Record<string, number>>>> = {
  hook: async () => ({ ...(await benchHook()), ...(await benchMemory()) }),
  edit: benchEdit,
  memory: benchMemory,
  central: () => benchCentral(),
  bulk: () => benchBulk(),
  compare: () => benchCompare(given({ zones: numberOf('zones'), large: numberOf('large') })),
  history: () => benchHistory(),
  load: () => benchLoad(loadPlan()),
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
if (values.json === true) console.log(JSON.stringify(figures, null, 2));
else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(40)} ${value}`);
