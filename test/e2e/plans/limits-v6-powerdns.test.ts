import { testLimits } from './limits.ts';

testLimits({ panel: 'v6', central: 'powerdns' });
