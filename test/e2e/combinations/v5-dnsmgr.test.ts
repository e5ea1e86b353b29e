import { testCombination } from './combination.ts';

// Issue 12.19: the central has another column for identifiers, and deletes of unknown identifiers answer OK.
testCombination({
  panel: 'v5',
  central: 'dnsmgr',
  ways: { central: { recordKeyColumn: 'rtype_hidden', unknownRecord: 'ok' } },
});
