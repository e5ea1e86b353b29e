import type { Generation, Switches } from '../../../sandbox/index.ts';
import { centralContract } from '../../testing/contracts/central/index.ts';
import type { ContractSubject } from '../../testing/contracts/central/zone-bench.ts';
import type { CentralSettings } from './index.ts';
import { otherWriter, startPanel } from '../../testing/accounts/ispmanager.ts';

async function subject(
  switches: Partial<Switches>,
  settings: Partial<CentralSettings>,
  generation: Generation = 'v4',
): Promise<ContractSubject> {
  const panel = await startPanel(switches, generation);
  return {
    central: panel.central(settings),
    otherWriter: otherWriter(panel.sandbox, generation),
    stop: panel.stop,
    ...(switches.unknownRecord === 'ok' ? { removesUnknown: true } : {}),
    wrongCredentials: () => panel.central({ ...settings, password: 'wrong-password' }),
  };
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

centralContract('ISPmanager 5', async () => await subject({ noise: false, errorTexts: false }, {}, 'v5'));

centralContract('ISPmanager 6, session, writes to be confirmed', async () => {
  return await subject({ refererCheck: true }, { login: 'session' }, 'v6');
});

// The next panels use another column and spelling for identifiers, and other words for success. Some answer
// OK when an unknown record is deleted.
centralContract('ISPmanager 6, another identifier column', async () => {
  return await subject({ recordKeyColumn: 'rtype_hidden', unknownRecord: 'ok' }, {}, 'v6');
});

centralContract('DNSmanager, both words for success', async () => {
  return await subject({ createSays: 'both', unknownRecord: 'ok', emptyParams: 'absent' }, {}, 'dnsmgr');
});

centralContract('ISPmanager 4, absolute hosts, an unknown key deleted without a word', async () => {
  return await subject({ hosts: 'absolute', unknownRecord: 'ok' }, {});
});

centralContract('DNSmanager, another identifier column, another word for success', async () => {
  return await subject({ recordKeyColumn: 'rtype_hidden', createSays: 'messages' }, {}, 'dnsmgr');
});
