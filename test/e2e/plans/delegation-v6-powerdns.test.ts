import { testDelegation } from './delegation.ts';

testDelegation({ panel: 'v6', central: 'powerdns' });
