import { testObserving } from './observe.ts';

testObserving({ panel: 'v4', central: 'bind' });
