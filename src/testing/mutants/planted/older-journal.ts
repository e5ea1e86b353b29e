import { engine, type PlantedBug } from './bug.ts';

const forget = `${engine}/comparison/forget-ledger.ts`;

/** Planted bugs in what the engine does with an older journal that was put back. */
export const plantedInOlderJournal: readonly PlantedBug[] = [
  {
    name: 'older-journal-believed',
    file: forget,
    find: `if (why === null) return;`,
    replace: `if (why !== '') return;`,
    says: 'An older journal is used as if it were the newest.',
  },
  {
    name: 'forgotten-baseline-kept',
    file: forget,
    find: `[baselineFact]: null, [filledFact]: null`,
    replace: `[filledFact]: null`,
    says: 'After an older journal is forgotten, what only the panel has counts as new.',
  },
  {
    name: 'forgotten-operations-go-on',
    file: forget,
    find: `for (const operation of operations) await forgetOperation(tx, operation);`,
    replace: ``,
    says: 'Operations that an older journal has open go on.',
  },
  {
    name: 'left-zones-not-listed',
    file: forget,
    find: `if (here.has(zone) || !sides.central.has(zone) || listed.has(zone)) continue;`,
    replace: `continue;`,
    says: 'A zone of an older journal that only the central has since is not listed.',
  },
  {
    name: 'forgotten-decides',
    file: `${engine}/knowledge/forgotten.ts`,
    find: `filter.openAt === undefined ? found :`,
    replace: `true ? found :`,
    says: 'Steps see operations of an older journal among the open ones.',
  },
];
