import { testWhoMay } from './who-may.ts';

testWhoMay({ panel: 'v4', central: 'powerdns' });
