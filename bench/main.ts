/**
 * `npm run -s bench -- [NAME ...] [--json]`: prints the figures of these parts, or of `hook` without a name.
 * Parts: hook (with memory), edit, memory, central, bulk, compare, history. `--zones` and `--large` are for
 * `compare` (`compare.ts`): how many zones, and how many records in the large one.
 */
import { parseArgs } from 'node:util';
import { benchBulk } from './bulk.ts';
import { benchCentral } from './central.ts';
import { benchCompare } from './compare.ts';
import { benchEdit } from './edit.ts';
import { benchHistory } from './history.ts';
import { benchHook } from './hook.ts';
import { benchMemory } from './memory.ts';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, zones: { type: 'string' }, large: { type: 'string' } },
  allowPositionals: true,
});

/** The numbers that the options of `compare` give. */
function sizes(): { zones?: number; large?: number } {
  const found: { zones?: number; large?: number } = {};
  for (const name of ['zones', 'large'] as const) {
    const text = values[name];
    if (text === undefined) continue;
    if (!/^\d{1,6}$/u.test(text)) {
      console.error(`bench: --${name} takes a number`);
      process.exit(2);
    }
    found[name] = Number(text);
  }
  return found;
}

const parts: Readonly<Record<string, () => Promise<Record<string, number>>>> = {
  hook: async () => ({ ...(await benchHook()), ...(await benchMemory()) }),
  edit: benchEdit,
  memory: benchMemory,
  central: () => benchCentral(),
  bulk: () => benchBulk(),
  compare: () => benchCompare(sizes()),
  history: () => benchHistory(),
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
