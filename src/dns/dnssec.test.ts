import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dnskeyType, dsOfKeys, isSigners } from './dnssec.ts';
import { parseName } from './name.ts';
import { rdataFromWire } from './rdata/rdata.ts';

/** Makes the canonical rdata of a DNSKEY with protocol 3. */
function dnskey(flags: number, algorithm: number, key: Uint8Array): { readonly rdata: string } {
  const head = Buffer.from([flags >> 8, flags & 0xff, 3, algorithm]);
  return { rdata: rdataFromWire(dnskeyType, Buffer.concat([head, key])) };
}

describe('DS data from keys', () => {
  it('gives the example of RFC 4509 section 2.3', () => {
    const key = `AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/
      2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLU
      Uh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==`;
    const octets = Buffer.from(key, 'base64');
    assert.deepEqual(dsOfKeys(parseName('dskey.example.com.'), [dnskey(256, 5, octets)]), [
      '60485 5 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a',
    ]);
  });

  it('gives those with the SEP bit, else all; none for a revoked key and for one that signs no zone', () => {
    const zone = parseName('example.org.');
    const [entry, other] = [257, 256].map((flags) => dnskey(flags, 13, Buffer.alloc(64, flags & 0xff)));
    assert.ok(entry !== undefined && other !== undefined);
    assert.deepEqual(dsOfKeys(zone, [entry, other]), dsOfKeys(zone, [entry]));
    assert.equal(dsOfKeys(zone, [other]).length, 1);
    const useless = [257 | 0x80, 1].map((flags) => dnskey(flags, 13, Buffer.alloc(64)));
    assert.deepEqual(dsOfKeys(zone, useless), []);
  });

  it('has a tag of 16 bits for every key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), (key) => {
        const [ds = ''] = dsOfKeys(parseName('example.org.'), [dnskey(257, 8, key)]);
        assert.match(ds, /^\d{1,5} 8 2 [0-9a-f]{64}$/);
        assert.ok(Number(ds.split(' ')[0]) <= 65_535);
      }),
    );
  });
});

describe('records of a signer', () => {
  it('are signatures, denials and keys everywhere, and what is told to the parent at the apex', () => {
    const zone = parseName('example.org.');
    const [below, signal] = ['www', '_dsboot.example._signal'].map((name) => parseName(name, zone));
    assert.ok(below !== undefined && signal !== undefined);
    for (const type of ['RRSIG', 'TYPE46', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'DNSKEY', 'TYPE65534'])
      for (const name of [zone, below]) assert.ok(isSigners(zone, { name, type }), type);
    for (const type of ['CDS', 'CDNSKEY', 'TYPE59', 'TYPE60']) {
      assert.ok(isSigners(zone, { name: zone, type }), type);
      assert.equal(isSigners(zone, { name: signal, type }), false, type);
    }
    for (const type of ['DS', 'A', 'TLSA']) assert.equal(isSigners(zone, { name: below, type }), false, type);
  });
});
