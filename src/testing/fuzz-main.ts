/**
 * The fuzzer as a program: feeds the decoders of outside input with changed samples. See `npm run -s fuzz --
 * --help` and docs/reliability.md. The exit status is 1 if a decoder made a mistake.
 */
import { Command, InvalidArgumentError } from 'commander';
import { fuzz, type FuzzReport } from './fuzz/run.ts';
import { shortened } from './fuzz/shorten.ts';
import { fuzzTargets } from './fuzz/targets/all.ts';

interface Asked {
  readonly seconds: number;
  readonly seed: number;
  readonly only: string;
  readonly json: boolean;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidArgumentError('a whole number is expected');
  return Number(text);
}

const { seconds, seed, only, json } = new Command('fuzz')
  .description('Feeds the decoders of outside input with changed samples (docs/reliability.md).')
  .option('--seconds <number>', 'how long', wholeNumber, 60)
  .option('--seed <number>', 'seed of all inputs', wholeNumber, 1)
  .option('--only <text>', 'only targets whose name contains this text', '')
  .option('--json', 'print the result as JSON', false)
  .parse()
  .opts<Asked>();

const chosen = fuzzTargets.flatMap(({ name }, index) => (name.includes(only) ? [index] : []));
if (chosen.length === 0) {
  console.error(`No target has ${only} in its name: ${fuzzTargets.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
const module = import.meta.resolve('./fuzz/targets/all.ts');
const found = await fuzz({ targets: fuzzTargets, module, chosen, seed, seconds });
const findings = [];
for (const finding of found.findings) findings.push(await shortened(fuzzTargets, finding));
const report = { ...found, findings };
console.log(json ? JSON.stringify(report, null, 2) : textOf(report));
process.exitCode = report.findings.length === 0 ? 0 : 1;

function textOf({ inputs, targets, findings: wrong, ...run }: FuzzReport): string {
  const rows = targets.map((one) => `${one.target.padEnd(24)} ${one.inputs} inputs, ${one.decoded} accepted`);
  const told = wrong.map(
    ({ target, kind, text, input }) => `${target}: ${kind}: ${text}\n${JSON.stringify(input)}`,
  );
  return [
    ...rows,
    ...told,
    `${inputs} inputs in ${run.seconds} s, seed ${run.seed}: ${wrong.length} findings`,
  ].join('\n');
}
