import type { Switches } from '../../../sandbox/index.ts';
import { centralContract, type ContractSubject } from '../../testing/central-contract.ts';
import type { IspmanagerSettings } from './index.ts';
import { someoneElse, startPanel } from '../../testing/ispmanager-account.ts';

async function subject(
  switches: Partial<Switches>,
  settings: Partial<IspmanagerSettings>,
): Promise<ContractSubject> {
  const panel = await startPanel(switches);
  return { central: panel.central(settings), someoneElse: someoneElse(panel.sandbox), stop: panel.stop };
}

centralContract('ISPmanager 4, credentials in every call', async () => await subject({}, {}));

centralContract(
  'ISPmanager 4, session, absolute names, errors without text, zones of others unseen',
  async () => {
    const switches = {
      absoluteNames: true,
      hosts: 'absolute',
      errorTexts: false,
      foreignZone: 3,
      authRefusal: 'code100',
    } as const;
    return await subject(switches, { login: 'session' });
  },
);
