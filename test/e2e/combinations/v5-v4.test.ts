import { testCombination } from './combination.ts';

// Issue 12.19: the identifiers of the central's rows contain absolute names and hosts.
testCombination({
  panel: 'v5',
  central: 'v4',
  ways: { central: { absoluteNames: true, hosts: 'absolute' } },
});
