import { testBadInput } from './bad-input.ts';

testBadInput({ panel: 'v6', central: 'dnsmgr' });
