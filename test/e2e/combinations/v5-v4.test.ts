import { testCombination } from './combination.ts';

// Issue 12.19: keys with absolute names and hosts at the central.
testCombination({
  panel: 'v5',
  central: 'v4',
  ways: { central: { absoluteNames: true, hosts: 'absolute' } },
});
