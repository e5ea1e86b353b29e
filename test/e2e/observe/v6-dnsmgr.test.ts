import { testObserving } from './observe.ts';

testObserving({ panel: 'v6', central: 'dnsmgr' });
