/** Shows what the name server answers for a record, before and after an edit in the panel. */
import type { PublicView } from '../src/testing/stage/central-side.ts';
import { print } from './print.ts';
import { absolute, type Wanted } from '../src/testing/stage/panel-words.ts';

/** A stage whose central may be a name server. */
interface Queried {
  readonly there: { readonly public: PublicView | null };
}

/** Describes in words how long after the panel's answer something happened. @param ms milliseconds */
function since(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms after the panel's answer`;
}

/**
 * Makes the edit `act` in the panel. If the central is a name server, queries it about these records before
 * and after, and prints the answers. The queries are sent as soon as the panel has answered.
 */
export async function watched<T>(
  { there }: Queried,
  zone: string,
  records: readonly Wanted[],
  act: () => Promise<T>,
): Promise<T> {
  const { public: view } = there;
  if (view === null) return await act();
  const asked = new Map(
    records.map(({ name, type }) => [`${name} ${type}`, { name: absolute(name, zone), type }]),
  );
  const before = new Map<string, readonly string[]>();
  for (const [key, { name, type }] of asked) before.set(key, await view.lines(name, type));
  const result = await act();
  const answered = performance.now();
  const times = new Map<string, number>();
  for (const [key, { name, type }] of asked) {
    await view.time(name, type);
    times.set(key, performance.now() - answered);
  }
  for (const [key, { name, type }] of asked) {
    print(`$ ${view.command(name, type)}`);
    show('before', before.get(key) ?? [], '');
    show('after', await view.lines(name, type), `   (${since(times.get(key) ?? 0)})`);
  }
  return result;
}

/** Queries the name server for a record now, and prints the answer. */
export async function seenNow({ there }: Queried, zone: string, { name, type }: Wanted): Promise<void> {
  const { public: view } = there;
  if (view === null) return;
  const whole = absolute(name, zone);
  print(`$ ${view.command(whole, type)}`);
  show('now', await view.lines(whole, type), '');
}

/** Prints one answer. Cuts long lines. */
function show(when: string, lines: readonly string[], remark: string): void {
  for (const [at, line] of lines.entries()) {
    const short = line.length > 110 ? `${line.slice(0, 107)}...` : line;
    print(`  ${(at === 0 ? when : '').padEnd(6)}  ${short}${at === 0 ? remark : ''}`);
  }
}
