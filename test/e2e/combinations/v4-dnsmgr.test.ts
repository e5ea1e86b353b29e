import { testCombination } from './combination.ts';

// Issue 12.19: the identifiers of the panel's rows contain absolute names and hosts.
testCombination({
  panel: 'v4',
  central: 'dnsmgr',
  ways: { panel: { absoluteNames: true, hosts: 'absolute' } },
});
