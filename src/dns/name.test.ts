import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  displayName,
  isWithin,
  labels,
  labelText,
  parentName,
  parseName,
  relativeName,
  zoneName,
  type DnsName,
} from './name.ts';
import { DnsDataError } from './problem.ts';

const zone = parseName('example.org.');

function codes(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    assert.ok(error instanceof DnsDataError);
    return error.problems.map(({ code }) => code);
  }
}

test('every spelling of one name is one name', () => {
  for (const text of ['www', 'WWW', 'www.example.org.', 'WwW.Example.ORG.', '\\119ww', '\\www']) {
    assert.equal(parseName(text, zone), 'www.example.org.', text);
  }
  assert.equal(parseName('@', zone), zone);
  assert.equal(zoneName('Example.org'), zoneName('example.org.'));
  assert.equal(parseName('.'), '.');
});

test('international names', () => {
  assert.equal(parseName('bücher', zone), 'xn--bcher-kva.example.org.');
  assert.equal(parseName('Книги.example.'), 'xn--c1ajbfp.example.');
  assert.equal(displayName(parseName('xn--bcher-kva', zone)), 'bücher.example.org');
  assert.equal(parseName('xn--zzzzzz!', zone), 'xn--zzzzzz!.example.org.');
  for (const text of ['straße', 'λόγος', 'a\u200db'])
    assert.deepEqual(
      codes(() => parseName(text, zone)),
      ['name.deviation'],
      text,
    );
});

test('odd but legal', () => {
  for (const text of ['*', '_dmarc', '_sip._tcp', '1.0/25', 'a-', '-a'])
    assert.doesNotThrow(() => parseName(text, zone), text);
  assert.equal(parseName('a\\.b', zone), 'a\\.b.example.org.');
  assert.deepEqual(labels(parseName('a\\.b', zone)), ['a\\.b', 'example', 'org']);
  assert.equal(parseName('a b', zone), 'a\\032b.example.org.');
});

test('what is wrong is said, all of it', () => {
  assert.deepEqual(
    codes(() => parseName('a..b.')),
    ['name.empty-label'],
  );
  assert.deepEqual(
    codes(() => parseName('www')),
    ['name.relative'],
  );
  assert.deepEqual(
    codes(() => parseName('a\\300.')),
    ['name.bad-escape'],
  );
  assert.deepEqual(
    codes(() => parseName('a\\')),
    ['name.bad-escape', 'name.relative'],
  );
  assert.deepEqual(
    codes(() => parseName(`${'x'.repeat(64)}.`)),
    ['name.label-too-long'],
  );
  assert.deepEqual(
    codes(() => parseName(`${'x'.repeat(63)}.`)),
    [],
  );
  assert.deepEqual(
    codes(() => parseName('a.'.repeat(127))),
    [],
  );
  assert.deepEqual(
    codes(() => parseName('a.'.repeat(128))),
    ['name.too-long'],
  );
  assert.deepEqual(
    codes(() => parseName(`${'x'.repeat(64)}..`)),
    ['name.label-too-long', 'name.empty-label'],
  );
});

test('within, relative, parent', () => {
  assert.equal(isWithin(parseName('a.example.org.'), zone), true);
  assert.equal(isWithin(zone, zone), true);
  assert.equal(isWithin(parseName('badexample.org.'), zone), false);
  assert.equal(isWithin(parseName('a\\.example.org.'), zone), false);
  assert.equal(relativeName(parseName('a.b.example.org.'), zone), 'a.b');
  assert.equal(relativeName(zone, zone), '@');
  assert.equal(relativeName(parseName('example.net.'), zone), 'example.net.');
  assert.equal(parentName(parseName('a\\.b', zone)), zone);
  assert.equal(parentName(parseName('.')), '.');
});

const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 20 });
const anyName = fc
  .array(octets, { minLength: 1, maxLength: 5 })
  .map((parts) => `${parts.map((part) => labelText(Uint8Array.from(part))).join('.')}.` as DnsName);

test('an escape that is not needed makes no other name', () => {
  const label = fc.stringMatching(/^[A-Za-z0-9_*/-]{1,63}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 6 }), fc.boolean(), (parts, absolute) => {
      const read = (text: string): string => {
        try {
          return parseName(absolute ? `${text}.` : text, zone);
        } catch (error) {
          assert.ok(error instanceof DnsDataError);
          return error.problems.map(({ code }) => code).join();
        }
      };
      const text = parts.join('.');
      const code = String(text.charCodeAt(0)).padStart(3, '0');
      assert.equal(read(text), read(`\\${code}${text.slice(1)}`));
    }),
  );
});

test('a canonical name reads as itself, relative or absolute', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      assert.equal(parseName(name), name);
      const below = parseName(name.slice(0, -1), zone);
      assert.equal(parseName(relativeName(below, zone), zone), below);
      assert.equal(isWithin(below, zone), true);
    }),
  );
});
