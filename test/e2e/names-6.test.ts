import { testNames } from './names.ts';

testNames({ panel: 'v6', central: 'dnsmgr' });
