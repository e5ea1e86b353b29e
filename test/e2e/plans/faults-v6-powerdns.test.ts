import { testFaults } from './faults.ts';

testFaults({ panel: 'v6', central: 'powerdns' });
