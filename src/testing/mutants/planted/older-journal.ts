import { engine, type PlantedBug } from './bug.ts';

const forget = `${engine}/comparison/forget-ledger.ts`;
const main = `${engine}/engine.ts`;
const opening = 'src/journal/doubts.ts';

/** Planted bugs in the treatment of journals that are older, from another host, or unused for a long time. */
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
    file: `${engine}/knowledge/forget-zones.ts`,
    find: `[baselineFact]: null, [filledFact]: null`,
    replace: `[filledFact]: null`,
    says: 'After the ledger is forgotten, what only the panel has counts as new.',
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
    find: `if (!central.has(zone) || listed.has(zone)) continue;`,
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
  {
    name: 'other-host-goes-on',
    file: main,
    find: `this.#isOtherHosts = (await journal.fact(otherHostFact)) !== null;`,
    replace: ``,
    says: 'An engine with the journal of another host works like any.',
  },
  {
    name: 'other-host-judges-edits',
    file: main,
    find: `if (this.#isOtherHosts) return this.#onOtherHost(edits);`,
    replace: ``,
    says: 'Edits are judged and sent with the journal of another host.',
  },
  {
    name: 'other-host-hears-hints',
    file: main,
    find: `if (this.#isOtherHosts && event.kind !== 'invalid') return { kind: 'accept' };`,
    replace: ``,
    says: 'What a function has changed is followed with the journal of another host.',
  },
  {
    name: 'accepted-journal-believed',
    file: forget,
    find: `[olderFact, asideFact, gapFact, acceptedFact]`,
    replace: `[olderFact, asideFact, gapFact]`,
    says: 'What another host knew is believed once an operator has accepted its journal.',
  },
  {
    name: 'accepted-host-forgotten',
    file: main,
    find: `facts: host === undefined ? facts : { ...facts, [hostFact]: host },`,
    replace: `facts,`,
    says: 'After a restart, an accepted journal is another host’s again.',
  },
  {
    name: 'accepted-host-refuses-on',
    file: main,
    find: `await this.#begin();\n    this.#isOtherHosts = false;`,
    replace: `await this.#begin();`,
    says: 'Edits are refused after an operator has accepted the journal.',
  },
  {
    name: 'other-host-unnoticed',
    file: opening,
    find: `const isOther = isOtherHost(former, host);`,
    replace: `const isOther = false;`,
    says: 'The journal of another host is taken for one of this host.',
  },
  {
    name: 'long-gap-unnoticed',
    file: opening,
    find: `now - committedAt > longGap`,
    replace: `now - committedAt > 100 * longGap`,
    says: 'After a month without a commit the ledger is believed.',
  },
];
