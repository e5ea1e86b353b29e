import { testOutputs } from './outputs.ts';

testOutputs({ panel: 'v6', central: 'powerdns' });
