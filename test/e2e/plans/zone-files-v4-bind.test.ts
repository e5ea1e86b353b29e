import { testZoneFiles } from './zone-files.ts';

testZoneFiles({ panel: 'v4', central: 'bind' });
