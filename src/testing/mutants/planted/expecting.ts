import { engine, type PlantedBug } from './bug.ts';

/** Planted bugs in edits that a central carries out only if it has what the engine expects. */
export const plantedInExpecting: readonly PlantedBug[] = [
  {
    name: 'expectation-not-sent',
    file: `${engine}/before/carry-out.ts`,
    find: `await conditional.apply(change, condition, { ...ctx, vetoable: true });`,
    replace: `await runtime.ports.central.apply(change, [], { ...ctx, vetoable: true });`,
    says: 'An edit that was planned from the ledger is written whatever the central has.',
  },
  {
    name: 'expectation-without-alias',
    file: `${engine}/before/expected.ts`,
    find: `new Set([...types, 'CNAME'])`,
    replace: `types`,
    says: 'The expectation of an edit does not say that there is no alias at its name.',
  },
  {
    name: 'expectation-not-checked',
    file: 'src/testing/simulator/sim-conditional.ts',
    find: `if (!areSame(found, expected.records)) {`,
    replace: `if (!areSame(found, expected.records) && false) {`,
    says: 'The central carries a change out although it has other records than expected.',
  },
  {
    name: 'expecting-journalled-after-sending',
    file: `${engine}/before/carry-out.ts`,
    find: `if (known === null) return await begin(runtime, { ...draft, ...changes }, state, rows);`,
    replace: `if (known === null) return { ...draft, ...changes, state };`,
    says: 'A write with an expectation is journalled only when it is answered.',
  },
  {
    name: 'refused-by-the-ledger',
    file: `${engine}/before/carry-out.ts`,
    find: `  const names = mirroredNames(draft);
  const present =`,
    replace: `  const names = mirroredNames(draft);
  const said = [...knowledge.rows.values()].filter((row) => row.onCentral).map((row) => row.record);
  const byLedger = planFrom(runtime, draft, knowledge, said);
  if (runtime.ports.central.conditional !== undefined && 'kind' in byLedger) return byLedger;
  const present =`,
    says: 'An edit is refused because of what the ledger says, without a read of the central.',
  },
  {
    name: 'outcome-guessed-by-a-read',
    file: `${engine}/before/failed-write.ts`,
    find: `if (error.code === 'central.not-live') return 'unclear';`,
    replace: `return 'unclear';`,
    says: 'After a lost answer the engine does not ask whether the expectation was true.',
  },
  {
    name: 'outcome-not-asked-later',
    file: `${engine}/before/outcome.ts`,
    find: `return edits(operations).filter(`,
    replace: `return edits([]).filter(`,
    says: 'After a restart an edit without an answer is undone as if it had been written.',
  },
  {
    name: 'nothing-written-not-noted',
    file: `${engine}/before/outcome.ts`,
    find: `if (outcome === 'nothing') return { ...nothingWritten, unanswered: null };`,
    replace: `if (outcome === 'nothing') return { unanswered: null };`,
    says: 'The records of an edit that was never carried out are still taken for its own.',
  },
];
