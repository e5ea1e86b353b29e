import { testPlans } from './plans.ts';

testPlans({ panel: 'v4', central: 'v4' });
