import { testBadInput } from './bad-input.ts';

testBadInput({ panel: 'v4', central: 'v4' });
