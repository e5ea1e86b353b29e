import { testNameServer } from './name-server.ts';

testNameServer({ panel: 'v4', central: 'gateway-bind' });
