import { testNameServer } from './name-server.ts';

testNameServer({ panel: 'v6', central: 'gateway-bind' });
