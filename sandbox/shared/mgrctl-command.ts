import { Params } from './params.ts';
import type { MgrctlDialect } from './dialects.ts';

/** A parsed command line of `mgrctl`: what the caller asks the panel to do. */
export type Command =
  | { readonly kind: 'call'; readonly func: string; readonly params: Params; readonly restart: boolean }
  /** `-i`: lists all functions (`func` is null), or the parameters of one function. */
  | { readonly kind: 'describe'; readonly func: string | null }
  /** `-l` suspends the panel, `-u` resumes it, and the function `exit` ends it. */
  | { readonly kind: 'suspend' | 'resume' | 'exit' };

function pair(text: string): { readonly name: string; readonly value: string } {
  const cut = text.indexOf('=');
  return cut < 0 ? { name: text, value: '' } : { name: text.slice(0, cut), value: text.slice(cut + 1) };
}

/** The words of a command line, to be read one after the other. */
class Words {
  readonly #words: string[];

  constructor(words: readonly string[]) {
    this.#words = [...words];
  }

  get isOption(): boolean {
    return this.#words[0]?.startsWith('-') === true;
  }

  next(): string | undefined {
    return this.#words.shift();
  }
}

interface Options {
  out: string;
  restart: boolean;
  only: 'suspend' | 'resume' | 'describe' | null;
}

/** Reads the options before the function. @returns false if one of them is wrong */
function readOptions(words: Words, panel: string, dialect: MgrctlDialect, into: Options): boolean {
  const modes: Readonly<Record<string, Options['only']>> = {
    '-l': 'suspend',
    '-u': 'resume',
    '-i': 'describe',
  };
  while (words.isOption) {
    const option = words.next() ?? '';
    const mode = dialect.hasControl ? modes[option] : undefined;
    if (option === '-m') {
      if (words.next() !== panel) return false;
    } else if (option === '-o') {
      into.out = words.next() ?? '';
      if (!dialect.formats.includes(into.out)) return false;
    } else if (mode !== undefined) into.only = mode;
    else if (option === '-R' && dialect.hasControl) into.restart = true;
    else return false;
  }
  return true;
}

/**
 * Reads the parameters after the function; null: one of them is wrong. For `-e`, the program has already
 * replaced the variable by its value, so the word is `name=value`.
 */
function readValues(words: Words, dialect: MgrctlDialect): ReturnType<typeof pair>[] | null {
  const values: ReturnType<typeof pair>[] = [];
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === '-e' && dialect.hasControl) {
      const given = words.next();
      if (given === undefined) return null;
      values.push(pair(given));
    } else values.push(pair(word));
  }
  return values;
}

/** Parses a command line of mgrctl (docs/protocol.md#mgrctl); null: it is wrong. */
export function readCommand(args: readonly string[], panel: string, dialect: MgrctlDialect): Command | null {
  const words = new Words(args);
  const options: Options = { out: 'text', restart: false, only: null };
  if (!readOptions(words, panel, dialect, options)) return null;
  const func = words.next();
  if (options.only === 'describe')
    return { kind: 'describe', func: func === undefined || func.includes('=') ? null : func };
  if (options.only !== null) return { kind: options.only };
  if (func === undefined || func.includes('=')) return null;
  if (func === 'exit' && dialect.hasControl) return { kind: 'exit' };
  const values = readValues(words, dialect);
  if (values === null) return null;
  const all = [{ name: 'func', value: func }, { name: 'out', value: options.out }, ...values];
  const params = new Params(all.map((one) => ({ ...one, source: 'query' as const })));
  return { kind: 'call', func, params, restart: options.restart };
}
