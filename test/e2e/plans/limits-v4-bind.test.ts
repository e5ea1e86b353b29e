import { testLimits } from './limits.ts';

testLimits({ panel: 'v4', central: 'bind' });
