import { engine, type PlantedBug } from './bug.ts';

/** Planted bugs in mode `observe`, and in the change from it to mode `strict`. */
export const plantedInObserving: readonly PlantedBug[] = [
  {
    name: 'writes-while-observing',
    file: `${engine}/comparison/compare.ts`,
    find: `runtime.promises === null ? compareUnderLock : observeZone;`,
    replace: `runtime.promises === null || zone !== '' ? compareUnderLock : observeZone;`,
    says: 'A comparison of an engine that only observes begins to send what is new.',
  },
  {
    name: 'observed-edits-done-afterwards',
    file: `${engine}/engine.ts`,
    find: `    if (this.#observer !== null) {
      await this.#observer.after(edit);
      return nothingToDo;
    }`,
    replace: ``,
    says: 'What the panel reports while the engine only observes is done at the central.',
  },
  {
    name: 'ledger-kept-after-observing',
    file: `${engine}/observe/take-up.ts`,
    find: `if (before !== null) await endObserving(runtime, open);`,
    replace: ``,
    says: 'A strict engine goes on with the ledger of one that only observed.',
  },
  {
    name: 'promises-forgotten',
    file: `${engine}/observe/take-up.ts`,
    find: `  promises.begin(underWay);`,
    replace: ``,
    says: 'What was under way when the observing began is not brought to its end.',
  },
  {
    name: 'observing-refuses',
    file: `${engine}/engine.ts`,
    find: `      observer === null ? this.#edits(edits, signal) : this.#observe(observer, edits, signal),`,
    replace: `      this.#edits(edits, signal).then((answer) => (observer === null ? answer : answer)),`,
    says: 'An engine that only observes judges edits as a strict one does.',
  },
];
