/** A stage with a customer's panel, the plugin in it, and a provider's real name server as its central. */
import type { Generation } from '../../../sandbox/index.ts';
import { zoneName } from '../../dns/name.ts';
import { formatZoneFile } from '../../dns/zone-file.ts';
import { removeUnlessFailed } from '../kept-folders.ts';
import type { NameServer, ServedZone } from '../servers/name-server.ts';
import type { CentralSide, PublicView } from './central-side.ts';
import { publicView, servesZone, transferred } from './dig.ts';
import type { StageDomain } from './make-domain.ts';
import { Relay } from './relay.ts';
import type { ServerAccount } from './server-account.ts';
import { testServers, type ServerKind } from './server-registry.ts';
import { customer, makePanelSide, writeSettings, type AnyStage } from './stage.ts';
import { wordsOf } from './panel-words.ts';

export interface ServerStageOptions {
  /** Generation of the customer's panel. Default: ISPmanager 6. */
  readonly panel?: Exclude<Generation, 'dnsmgr'>;
  readonly central: ServerKind;
  /** Options of the section `[sync]`. Times are in seconds. */
  readonly sync?: Readonly<Record<string, string>>;
}

/** A stage whose central is a name server. */
export interface ServerStage extends AnyStage {
  readonly server: NameServer;
  /** The connection between the plugin and the server. A test can disturb it. */
  readonly relay: Relay;
  readonly there: CentralSide & { readonly public: PublicView };
}

/** Starts panel and server. @throws Error when a program is missing (`missingFor`) */
export async function makeServerStage(options: ServerStageOptions): Promise<ServerStage> {
  const { panel: generation = 'v6', central: kind, sync = {} } = options;
  const side = await makePanelSide(generation);
  const { title, startAccount } = testServers[kind];
  const made = await startAccount();
  const { server } = made;
  const relay = new Relay(made.port, made.isWrite);
  await relay.open();
  return {
    ...side,
    server,
    relay,
    secrets: [...made.secrets, customer.password],
    there: serverSide(title, made, relay),
    configure: (changes = {}, more = {}) => {
      writeSettings(side.panel.root, { ...made.connection(relay.port), ...changes }, { ...sync, ...more });
    },
    stop: async () => {
      await side.stop();
      await relay.close();
      await server.dispose();
      removeUnlessFailed(side.directory);
    },
  };
}

function serverSide(
  title: string,
  made: ServerAccount,
  relay: Relay,
): CentralSide & { readonly public: PublicView } {
  const { server, keyFile } = made;
  const view = publicView(server.port);
  return {
    title,
    // Every record type that a panel can make.
    types: wordsOf('dnsmgr').types,
    hasTtl: true,
    makesZones: made.makesZones,
    public: view,
    hasZone: async (zone) => await servesZone(server.port, zone),
    held: async (zone) => await transferred(server.port, zone, keyFile),
    writes: async () => {
      const serials = await Promise.all((await made.zones()).map(async (zone) => await view.serial(zone)));
      return serials.reduce((sum, serial) => sum + serial, 0);
    },
    makeZones: async (zones) => {
      await made.ours(zones.map((zone) => served(zone)));
    },
    makeForeignZone: async (zone) => {
      await made.foreign(served({ name: zone, records: [] }));
    },
    add: async (zone, record) => {
      await made.edit(zone, record, 'add');
    },
    remove: async (zone, record) => {
      await made.edit(zone, record, 'delete');
    },
    // Because of its option `check-mx`, BIND refuses an apex MX if its host in the zone has no address.
    objects: () =>
      server.kind === 'bind'
        ? { record: { name: '', type: 'MX', value: 'no-address', numbers: [30] }, says: 'REFUSED' }
        : null,
    down: async () => {
      await relay.close();
      await server.stop();
    },
    up: async () => {
      await server.start();
      await relay.open();
    },
    withhold: () => relay.withhold(),
    answerAgain: () => relay.answerAgain(),
  };
}

function served({ name, records }: StageDomain): ServedZone {
  const zone = zoneName(name);
  return { zone, records: formatZoneFile(zone, records) };
}
