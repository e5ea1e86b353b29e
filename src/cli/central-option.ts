import { InvalidArgumentError, Option } from 'commander';

/** The central that the user chose for a command. */
export interface Chosen {
  /** The central's number in the settings; absent: all centrals. */
  readonly central?: number | null;
}

export function centralOption(): Option {
  return new Option('--central <n>', 'only this central, where the panel has several').argParser(wholeNumber);
}

/** Parses a whole number from 1 to 999,999. @throws {InvalidArgumentError} for any other text */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.');
  return Number(text);
}
