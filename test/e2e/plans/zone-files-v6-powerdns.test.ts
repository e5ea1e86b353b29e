import { testZoneFiles } from './zone-files.ts';

testZoneFiles({ panel: 'v6', central: 'powerdns' });
