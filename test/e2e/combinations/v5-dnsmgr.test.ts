import { testCombination } from './combination.ts';

testCombination({ panel: 'v5', central: 'dnsmgr' });
