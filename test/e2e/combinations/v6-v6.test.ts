import { testCombination } from './combination.ts';

testCombination({ panel: 'v6', central: 'v6' });
