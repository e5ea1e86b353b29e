import { testCombination } from './combination.ts';

testCombination({ panel: 'v4', central: 'v6' });
