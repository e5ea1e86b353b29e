import { testStates } from './states.ts';

testStates({ panel: 'v6', central: 'dnsmgr' });
