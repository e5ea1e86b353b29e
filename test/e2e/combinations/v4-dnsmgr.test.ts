import { testCombination } from './combination.ts';

// Issue 12.19: the panel's keys have absolute names and hosts.
testCombination({
  panel: 'v4',
  central: 'dnsmgr',
  ways: { panel: { absoluteNames: true, hosts: 'absolute' } },
});
