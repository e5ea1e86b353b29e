import { testFaults } from './faults.ts';

testFaults({ panel: 'v4', central: 'v4' });
