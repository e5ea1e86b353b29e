import { testCombination } from './combination.ts';

// Issue 12.19: another identifier column, an unknown identifier deleted without a word.
testCombination({
  panel: 'v5',
  central: 'dnsmgr',
  ways: { central: { recordKeyColumn: 'rtype_hidden', unknownRecord: 'ok' } },
});
