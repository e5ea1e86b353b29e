import { testPlans } from './plans.ts';

testPlans({ panel: 'v6', central: 'dnsmgr' });
