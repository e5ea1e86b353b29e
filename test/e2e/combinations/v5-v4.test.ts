import { testCombination } from './combination.ts';

// Issue 12.19: the central's keys have absolute names and hosts.
testCombination({
  panel: 'v5',
  central: 'v4',
  ways: { central: { absoluteNames: true, hosts: 'absolute' } },
});
