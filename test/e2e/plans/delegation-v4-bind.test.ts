import { testDelegation } from './delegation.ts';

testDelegation({ panel: 'v4', central: 'bind' });
