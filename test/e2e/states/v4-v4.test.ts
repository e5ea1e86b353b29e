import { testStates } from './states.ts';

testStates({ panel: 'v4', central: 'v4' });
