import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Generation, type Sandbox, type Switches } from '../../../sandbox/index.ts';
import type { Central } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { rdataFields, rdataFromFields } from '../../dns/rdata/rdata.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { ispmanager5Form } from '../../net/ispmanager/ispmanager5-records.ts';
import type { IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { readFingerprint } from '../../net/fingerprint.ts';
import type { ContractSubject } from '../contracts/central/zone-bench.ts';
import { createIspmanagerCentral, type CentralSettings } from '../../centrals/ispmanager/index.ts';
import { patience } from '../patience.ts';

/** The account under test. Its password has characters that a wrong encoding would break. */
export const alice = { name: 'alice', password: 'p:a ss&w=o%20r+d"ü', level: 5 } as const;
const bob = { name: 'bob', password: 'bob-password', level: 5 } as const;
const root = { name: 'root', password: 'root-password', level: 7 } as const;

/** A clock for adapter and panel. It moves only by `sleep`, so that delays cost no real time. */
export class TestClock implements Clock {
  #now = 1_700_000_000_000;

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A sandbox panel with its clock, and functions that make a central for it and stop it. */
export interface TestPanel {
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly central: (more?: Partial<CentralSettings>) => Central;
  /** Stops the panel and removes its files. */
  readonly stop: () => Promise<void>;
}

/** Starts a sandbox panel with the accounts `alice` and `bob`. */
export async function startPanel(
  switches: Partial<Switches> = {},
  generation: Generation = 'v4',
): Promise<TestPanel> {
  const folder = mkdtempSync(join(tmpdir(), 'central-test-'));
  const clock = new TestClock();
  const users = [root, alice, bob];
  const sandbox = await startSandbox({
    root: folder,
    generation,
    users,
    switches,
    clock: () => clock.wall(),
  });
  return {
    sandbox,
    clock,
    central: (more = {}) =>
      createIspmanagerCentral({ ...settingsFor(sandbox, kindOfGeneration[generation]), ...more }, { clock }),
    stop: async () => {
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** For each generation of the sandbox, the kind of central in our settings. */
export const kindOfGeneration: Readonly<Record<Generation, IspmanagerKind>> = {
  v4: 'ispmanager4',
  v5: 'ispmanager6',
  v6: 'ispmanager6',
  dnsmgr: 'dnsmanager',
};

function settingsFor(sandbox: Sandbox, kind: IspmanagerKind): CentralSettings {
  return {
    kind,
    address: sandbox.address,
    username: alice.name,
    password: alice.password,
    passwordNext: '',
    trust: { kind: 'fingerprint', sha256: readFingerprint(sandbox.fingerprint) ?? '' },
    login: 'authinfo',
    timeout: patience,
  };
}

/** Calls a function of the panel as another program would. @throws {Error} when the panel refuses */
async function call(
  sandbox: Sandbox,
  user: typeof alice | typeof bob,
  func: string,
  params: Record<string, string>,
) {
  // `sok=yes` also answers the panel's question for a confirmation (docs/protocol.md#confirmation).
  const sent = { ...params, sok: 'yes' };
  const answer = await sandbox.call(func, sent, { user: user.name, password: user.password });
  // DNSmanager may answer with `messages` instead of `ok` (docs/protocol.md#dnsmanager).
  if (!answer.ok && !answer.body.includes('<messages>')) throw new Error(`${func}: ${answer.body}`);
}

/** Types whose value the panel shows as a text without quotes. */
const textual: ReadonlySet<string> = new Set(['TXT', 'CAA']);

/** Flags, tag and value of a CAA record. The value may contain spaces. */
function fieldsOf(addr: string): string[] {
  return /^(\S+) (\S+) (.*)$/u.exec(addr)?.slice(1) ?? [addr];
}

/**
 * The panel's records, read directly from the sandbox and not through the adapter; null: it has no such zone.
 */
export function truthOf(sandbox: Sandbox, zone: DnsName): readonly ResourceRecord[] | null {
  return (
    sandbox.records(zone)?.map(({ name, type, prio, wght, port, addr, ttl }) => {
      const rdata = textual.has(type)
        ? rdataFromFields(type, type === 'TXT' ? [addr] : fieldsOf(addr))
        : `${prio} ${wght} ${port} ${addr}`;
      return makeRecord({ name, type, rdata, ttl: ttl === undefined ? null : Number(ttl) }, zone);
    }) ?? null
  );
}

/** Makes another writer, who calls the panel's functions as its web pages do. */
export function otherWriter(sandbox: Sandbox, generation: Generation = 'v4'): ContractSubject['otherWriter'] {
  const plid = (zone: DnsName): string => zone.slice(0, -1);
  return {
    add: async (zone, record) => {
      if (generation !== 'v4') {
        await call(sandbox, alice, 'domain.record.edit', { plid: plid(zone), ...ispmanager5Form(record) });
        return;
      }
      const { name, type, rdata } = record;
      const fields = rdataFields(type, rdata);
      const numbers = { prio: type === 'MX' || type === 'SRV' ? (fields[0] ?? '') : '', wght: '', port: '' };
      const addr = fields.at(-1) ?? '';
      await call(sandbox, alice, 'domain.sublist.edit', {
        plid: plid(zone),
        name,
        sdtype: type,
        addr,
        ...numbers,
      });
    },
    remove: async (zone, record) => {
      const at = truthOf(sandbox, zone)?.findIndex(
        ({ name, type, rdata }) => name === record.name && type === record.type && rdata === record.rdata,
      );
      const elid = sandbox.keys(zone)?.[at ?? -1];
      if (elid === undefined) throw new Error('no such record');
      const func = generation === 'v4' ? 'domain.sublist.delete' : 'domain.record.delete';
      await call(sandbox, alice, func, { plid: plid(zone), elid });
    },
    createZone: async (zone) => {
      await call(sandbox, bob, 'domain.edit', { elid: '', name: plid(zone), ip: '192.0.2.7' });
    },
    records: async (zone) => await Promise.resolve(truthOf(sandbox, zone)),
  };
}
