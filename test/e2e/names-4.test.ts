import { testNames } from './names.ts';

testNames({ panel: 'v4', central: 'v4' });
