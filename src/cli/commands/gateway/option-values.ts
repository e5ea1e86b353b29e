/** Readers of values that options of several commands have. */
import { InvalidArgumentError } from 'commander';
import { CommandFailed } from '../../../app/command-failed.ts';
import { readNetwork } from '../../../net/inside.ts';

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads a time such as `30m`, `12h` or `90d`. @returns milliseconds @throws {InvalidArgumentError} */
export function timeValue(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([mhd])$/u.exec(text) ?? [];
  if (count !== '') return Number(count) * (units[unit] ?? 0);
  throw new InvalidArgumentError('a time such as 30m, 12h or 90d is wanted.');
}

/** @throws {CommandFailed} if one of the texts is no address and no network */
export function networksIn(option: string, networks: readonly string[]): readonly string[] {
  const wrong = networks.filter((text) => readNetwork(text) === null);
  if (wrong.length === 0) return networks;
  throw new CommandFailed(`${option}: no address or network: ${wrong.join(', ')}`);
}
