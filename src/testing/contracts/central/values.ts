import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeRecord } from '../../../dns/record.ts';
import type { MakeBench } from './zone-bench.ts';

export function valueCases(bench: MakeBench): void {
  const texts: Readonly<Record<string, string>> = {
    'quotes, commas and semicolons': 'v=1; a="b, c", d=\'e\'; "f"',
    backslashes: String.raw`back\slash \" \\ \065 end\x`,
    'inner spaces and a key of its own': 'www A  192.0.2.1, mail A  192.0.2.2',
    Unicode: 'Привет, мир: ünïcödé ☃ 𝔘',
    'form and markup characters': 'a&b=c+d%20e <x>&amp;</x> ]]> {}',
    '300 octets': `v=DKIM1; p=${'A'.repeat(300)}`,
    '2000 octets': 'k'.repeat(2000),
  };
  for (const [title, value] of Object.entries(texts)) {
    it(`keeps a TXT with ${title}`, async () => {
      const b = await bench();
      const record = b.text('t', value);
      await b.works([], [record, b.text('t', 'neighbour')]);
      await b.works([record], [b.text('t', `${value}!`)]);
      await b.works([b.text('t', `${value}!`)], []);
    });
  }

  it('keeps texts that differ in case or spaces apart', async () => {
    const b = await bench();
    const all = ['Text', 'text', 'te xt', 'te  xt'].map((value) => b.text('t', value));
    await b.works([], all);
    await b.works(all.slice(0, 1), []);
    await b.works(all.slice(2, 3), []);
  });

  it('keeps wildcards, underscores, deep names and internationalised names', async () => {
    const b = await bench();
    const deep = Array.from({ length: 20 }, (_, at) => `l${at}`).join('.');
    const owners = ['*', '*.sub', '_dmarc', deep, 'тест', 'a-b.c'];
    // BIND accepts only host names as owners of address records (option `check-names`).
    const all = owners.map((owner) => b.record(owner, owner.startsWith('_') ? 'TXT' : 'A', '192.0.2.1'));
    await b.works([], all);
    for (const record of all) await b.works([record], []);
  });

  it('keeps hosts inside and outside the zone', async () => {
    const b = await bench();
    const targets = ['host', 'host.example.net.', '@', 'xn--e1afmkfd.example.net.'];
    for (const [at, target] of targets.entries()) {
      await b.works([], [b.record(`alias${at}`, 'CNAME', target), b.record(`sub${at}`, 'NS', `ns${at}`)]);
    }
    await b.works([b.record('alias0', 'CNAME', 'host')], [b.record('alias0', 'CNAME', 'host.example.net.')]);
  });

  it('keeps addresses in any spelling the same', async () => {
    const b = await bench();
    await b.works([], [b.record('six', 'AAAA', '2001:0DB8:0:0::1')]);
    assert.deepEqual(await b.apply(b.change([], [b.record('six', 'AAAA', '2001:db8::1')])), {
      removed: [],
      added: [],
    });
    await b.works([b.record('six', 'AAAA', '2001:db8::1')], []);
  });

  it('names what it cannot hold before anything is sent', async () => {
    const b = await bench();
    const { recordTypes } = b.central.traits;
    const outside = {
      zone: b.zone,
      remove: [],
      add: [makeRecord({ name: 'a.other.example.', type: 'A', rdata: '192.0.2.1' })],
    };
    assert.equal(b.central.audit(outside)[0]?.code, 'name.out-of-zone');
    const strange = b.central.audit(b.change([], [b.record('x', 'TYPE65400', String.raw`\# 1 00`)]));
    const expected = recordTypes === 'any' ? [] : ['central.type-unsupported'];
    assert.deepEqual(
      strange.map(({ code }) => code),
      expected,
    );
  });
}
