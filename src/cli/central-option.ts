import { InvalidArgumentError, Option } from 'commander';

/** Which central a command is about. */
export interface Chosen {
  /** Its number in the settings; absent: all of them. */
  readonly central?: number | null;
}

export function centralOption(): Option {
  return new Option('--central <n>', 'only this central, where the panel has several').argParser(wholeNumber);
}

/** @throws {InvalidArgumentError} */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.');
  return Number(text);
}
