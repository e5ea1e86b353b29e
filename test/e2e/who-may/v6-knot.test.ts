import { testWhoMay } from './who-may.ts';

testWhoMay({ panel: 'v6', central: 'knot' });
