import { sourceOf } from '../patch.ts';
import type { Mutant } from './mutations.ts';

/** A mechanical mutant that does not change the behaviour of the engine, and the reason. */
export interface Equivalent {
  readonly file: string;
  /** The source line that the mutant changes, without its indentation. */
  readonly line: string;
  /** The rule and the change, as the run prints them (`Mutant.what`). */
  readonly what: string;
  readonly reason: string;
  /** How many mutants of the line look like this one; absent: one. */
  readonly times?: number;
}

/**
 * Mutants that no law and no test can find. If a run finds one, the run fails, because the mutant's reason
 * must be wrong.
 */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'src/core/engine/background/open-ttl.ts',
    line: 'isOurs: false,',
    what: 'constant: false -> true',
    reason: 'Only what is ours may be removed, and the panel shows all of these records: none of them goes.',
  },
  {
    file: 'src/core/engine/background/step.ts',
    line: 'if (decided.length > 0) await settleRecords(runtime, zone, decided, view);',
    what: 'operator: > -> >=',
    reason: 'Settling no operation writes nothing, and asks for nothing.',
  },
  {
    file: 'src/journal/database.ts',
    line: 'this.#statements.clear();',
    what: 'drop: this.#statements.clear(); -> ;',
    reason: 'A closed database throws whatever statement is used; they go with the object.',
  },
  {
    file: 'src/journal/database.ts',
    line: 'this.#statements.set(sql, prepared);',
    what: 'drop: this.#statements.set(sql, prepared); -> ;',
    reason: 'A statement that is not kept is prepared again: the same answers, only later.',
  },
  {
    file: 'src/journal/tallies.ts',
    line: 'if (stored.size > before) this.#put(others, stored.size);',
    what: 'operator: > -> >=',
    reason: 'It writes the number that stands there already.',
  },
  {
    file: 'src/journal/write-ahead-log.ts',
    line: 'for (; at + step <= octets.length && isOfThisLog(at); at += step) {',
    what: 'operator: <= -> <',
    reason: 'The last frame may be torn, so that nothing depends on whether it is whole.',
  },
  {
    file: 'src/core/engine/comparison/compare-all.ts',
    line: 'if (entries.length >= 500) await commit();',
    what: 'negate: entries.length >= 500 -> !(entries.length >= 500)',
    reason: 'The number only says how many entries one commit has; all of them are committed either way.',
  },
  {
    file: 'src/core/engine/comparison/named-zones.ts',
    line: 'else if (zones.length > 0) this.#inBackground(this.#match(zones, { reason: source, lane }));',
    what: 'operator: > -> >=',
    reason: 'A match of no names compares nothing and asks for no list.',
  },
  {
    file: 'src/core/engine/parts/timers.ts',
    line: '#serial = 0;',
    what: 'off by one: 0 -> 1',
    reason: 'Where the serial of ids begins nobody sees: only their order counts.',
  },
  {
    file: 'src/core/engine/comparison/follow.ts',
    line: 'const drop = gone.filter((record) => !failed.has(recordId(record)));',
    what: 'drop a filter: .filter((record) => !failed.has(recordId(record))) -> nothing',
    reason: 'One commit drops rows before it puts others, and the records that failed are put again by it.',
  },
  {
    file: 'src/core/engine/background/restore.ts',
    line: "({ id: other, state }) => other !== id && (accepted.has(state) || (state === 'confirmed' && other > id)),",
    what: 'operator: > -> >=',
    reason: 'The operation itself is left out, and no other has its id.',
  },
  {
    file: 'src/core/engine/comparison/compare.ts',
    line: 'return Math.max(...operations.map(({ watch }) => watch?.until ?? 0));',
    what: 'off by one: 0 -> 1',
    reason: 'It is called while one of the operations is on watch, which ends later than either.',
  },
  {
    file: 'src/core/engine/engine.ts',
    line: 'for (const { id } of await journal.operations({ latest: 1 })) this.#runtime.timers.idsAfter(id);',
    what: 'off by one: 1 -> 2',
    reason: 'Of two ids only the later one counts, and the one before it changes nothing.',
  },
  {
    file: 'src/core/engine/knowledge/operations.ts',
    line: 'if (ttl !== null && ids.has(recordId(ttl.add))) return viewTtl(ttl, ttls.get(recordId(ttl.add)) ?? null);',
    what: 'swap: add -> remove',
    reason: 'Both records of such an item differ in nothing but the TTL, which is no part of the id.',
    times: 2,
  },
];

/** The list's entry for a mutant; null: the list does not have it. */
export function equivalentOf({ patch, line, what }: Mutant): Equivalent | null {
  const text = sourceOf(patch.file).split('\n')[line - 1]?.trim();
  const isIt = (one: Equivalent): boolean =>
    one.file === patch.file && one.what === what && one.line === text;
  return equivalents.find(isIt) ?? null;
}
