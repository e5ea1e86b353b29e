import { testCombination } from './combination.ts';

// Issue 12.19: the central has the identifiers in another column, and answers OK to a delete of an unknown
// identifier.
testCombination({
  panel: 'v5',
  central: 'dnsmgr',
  ways: { central: { recordKeyColumn: 'rtype_hidden', unknownRecord: 'ok' } },
});
