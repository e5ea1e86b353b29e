/** Tests zones that real servers sign while the tests edit them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { compareSides } from '../../core/engine/knowledge/compare-rule.ts';
import type { Central } from '../../core/central.ts';
import { isSigners } from '../../dns/dnssec.ts';
import { parseName, zoneName } from '../../dns/name.ts';
import { recordId, makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { centralAt } from '../../testing/accounts/name-server.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import {
  makeKey,
  type NameServer,
  type NameServerOptions,
  type ServedZone,
} from '../../testing/servers/name-server.ts';
import { startNamed } from '../../testing/servers/named.ts';
import { runProgram, until } from '../../testing/servers/process.ts';

const zone = zoneName('signed.example');

const served: ServedZone = {
  zone,
  signed: true,
  records: [
    'www A 192.0.2.1',
    'sub NS ns.sub',
    'ns.sub A 192.0.2.5',
    `sub DS 1 13 2 ${'ab'.repeat(32)}`,
  ].join('\n'),
};

function a(host: string, last: number): ResourceRecord {
  return makeRecord({ name: host, type: 'A', rdata: `192.0.2.${last}` }, zone);
}

interface Signer {
  readonly server: NameServer;
  readonly central: Central;
}

async function signer(
  t: TestContext,
  start: (options: NameServerOptions) => Promise<NameServer>,
  axfr: boolean,
): Promise<Signer> {
  const key = makeKey(axfr ? 'transfer-alice' : 'alice-key');
  const server = await start({ keys: [key], zones: [served] });
  const central = centralAt(server, key, { axfr });
  t.after(async () => {
    await central.close();
    await server.dispose();
  });
  // BIND opens its port twice while it starts, and ends the connections in between.
  const answered = async (): Promise<string> => await dig(server, zone, 'SOA', '+dnssec').catch(String);
  await until(async () => (await answered()).includes('RRSIG'));
  return { server, central };
}

async function dig({ port }: NameServer, name: string, type: string, ...more: string[]): Promise<string> {
  return await runProgram('dig', ['@127.0.0.1', '-p', String(port), '+norec', '+tcp', ...more, name, type]);
}

/** Validates a name with these DS data as the only trust anchor. @returns the validator's output */
async function validated({ server, central }: Signer, name: string): Promise<string> {
  const { ds } = (await central.signing(zone, quietContext())) ?? { ds: [] };
  const anchors = ds.map((one) => {
    const [tag, algorithm, digestType, digest] = one.split(' ');
    return `"${zone}" static-ds ${tag} ${algorithm} ${digestType} "${digest}";`;
  });
  const file = join(server.folder, 'anchors');
  writeFileSync(file, `trust-anchors { ${anchors.join(' ')} };\n`);
  const words = ['@127.0.0.1', '-p', String(server.port), '-a', file, `+root=${zone}`, name, 'A'];
  return await runProgram('delv', words);
}

const ways = [
  { title: 'BIND, read by names', start: startNamed, axfr: false },
  { title: 'BIND, whole zones', start: startNamed, axfr: true },
  { title: 'Knot, read by names', start: startKnot, axfr: false },
];

for (const { title, start, axfr } of ways) {
  describe(`signed by ${title}`, () => {
    it('shows an edit at once, with signatures that the DS data we hand out prove', async (t) => {
      const one = await signer(t, start, axfr);
      const { central } = one;
      const change = { zone, remove: [a('www', 1)], add: [a('www', 2), a('new', 3)] };
      const present = await central.readNames(zone, [a('www', 1).name, a('new', 3).name], quietContext());
      const altered = await central.apply(change, present ?? [], quietContext());
      assert.deepEqual([altered.removed.length, altered.added.length], [1, 2]);
      for (const [host, address] of [
        ['www', '192.0.2.2'],
        ['new', '192.0.2.3'],
      ]) {
        const said = await validated(one, `${host}.${zone}`);
        assert.match(said, /; fully validated/u);
        assert.ok(said.includes(address ?? ''), said);
      }
      const dropping = { zone, remove: [a('new', 3)], add: [] };
      const now = await central.readNames(zone, [a('new', 3).name], quietContext());
      assert.equal((await central.apply(dropping, now ?? [], quietContext())).removed.length, 1);
      assert.match(await validated(one, `new.${zone}`), /negative response, fully validated/u);
    });

    it('is compared without anything of the signer, and with the DS of a delegation', async (t) => {
      const { central } = await signer(t, start, axfr);
      const held = { '@': ['SOA', 'NS'], www: ['A'], sub: ['NS', 'DS'], 'ns.sub': ['A'] };
      const sets = Object.entries(held).flatMap(([name, types]) =>
        types.map((type) => ({ name: parseName(name, zone), type })),
      );
      const records = (await central.readZone(zone, sets, quietContext())) ?? [];
      const { put, additions } = compareSides(zone, [], records, [], { baseline: true, busy: new Set() });
      const types = put.map(({ record }) => record.type);
      assert.deepEqual(types.toSorted(), ['A', 'A', 'DS', 'NS']);
      assert.deepEqual(additions, []);
      const again = (await central.readZone(zone, sets, quietContext())) ?? [];
      const data = (all: readonly ResourceRecord[]): string[] =>
        all.filter((record) => !isSigners(zone, record) && record.type !== 'SOA').map(recordId);
      assert.deepEqual(data(again).toSorted(), data(records).toSorted());
    });

    it('refuses to write what a signer makes', async (t) => {
      const { central } = await signer(t, start, axfr);
      const key = makeRecord({ name: zone, type: 'TYPE60', rdata: String.raw`\# 5 010103 0d 00` });
      const problems = central.audit({ zone, remove: [], add: [key] });
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['central.type-unsupported'],
      );
    });
  });
}

describe('what the parent has to know', () => {
  it('is what BIND and Knot themselves say', async (t) => {
    const bind = await signer(t, startNamed, false);
    const file = join(bind.server.folder, 'keys');
    writeFileSync(file, await dig(bind.server, zone, 'DNSKEY', '+noall', '+answer'));
    const said = await runProgram('dnssec-dsfromkey', ['-2', '-f', file, zone]);
    const signing = await bind.central.signing(zone, quietContext());
    assert.deepEqual(signing?.ds, dataOf(said));
    const knot = await signer(t, startKnot, false);
    const { ds, cds } = (await knot.central.signing(zone, quietContext())) ?? { ds: [], cds: [] };
    const words = ['-c', join(knot.server.folder, 'knot.conf'), zone, 'ds'];
    const theirs = dataOf(await runProgram('keymgr', words)).filter((one) => one.split(' ')[2] === '2');
    assert.deepEqual(ds, theirs);
    assert.deepEqual(cds, theirs);
  });
});

/** Cuts the data of DS records out of master-file lines, in the spelling that domainsync uses. */
function dataOf(lines: string): string[] {
  return lines
    .split('\n')
    .filter((line) => / DS /u.test(line))
    .map((line) => line.replace(/^.* DS /u, ''))
    .map((rdata) => makeRecord({ name: zone, type: 'DS', rdata: rdata.toLowerCase() }).rdata);
}
