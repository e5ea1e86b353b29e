import { testOutputs } from './outputs.ts';

testOutputs({ panel: 'v4', central: 'bind' });
