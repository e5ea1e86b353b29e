import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { child, childrenNamed, childText, escapeXml, XmlError } from './xml.ts';
import { parseXml } from '../testing/parse-xml.ts';

const list =
  '<?xml version="1.0" encoding="UTF-8"?>\n<doc><plid>example.org</plid>' +
  '<elem><key>www A  203.0.113.7</key><name>www</name><active/></elem>' +
  '<elem><key>t TXT  a &amp; &#1076;</key><name>t</name></elem></doc>\n';

test('elements, attributes, empty flags and character references', () => {
  const doc = parseXml(list);
  assert.equal(doc.name, 'doc');
  assert.equal(childText(doc, 'plid'), 'example.org');
  const [first, second] = childrenNamed(doc, 'elem');
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(childText(first, 'key'), 'www A  203.0.113.7');
  assert.equal(childText(first, 'active'), '');
  assert.equal(child(second, 'active'), undefined);
  assert.equal(childText(second, 'key'), 't TXT  a & д');
  assert.equal(parseXml('<error code="2" obj="name"/>').attributes['code'], '2');
});

test('every proper prefix of a list answer is an error', () => {
  const body = list.trimEnd();
  for (let cut = 0; cut < body.length; cut += 1) {
    assert.throws(() => parseXml(body.slice(0, cut)), XmlError, `cut at ${cut}`);
  }
});

test('document types, unknown entities and trailing garbage are refused', () => {
  for (const text of [
    '<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>',
    '<d>&nbsp;</d>',
    '<d/><d/>',
    '<d>',
    'plain',
  ]) {
    assert.throws(() => parseXml(text), XmlError, text);
  }
});

test('escaped text comes back as it was, as far as XML can carry it', () => {
  const carried = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(carried, (text) => {
      const back = parseXml(`<d a="${escapeXml(text.replaceAll(/[\s]/g, ' '))}">${escapeXml(text)}</d>`).text;
      const expected = text
        .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
        .replaceAll(/\r\n?/g, '\n');
      assert.equal(back, expected);
    }),
  );
});
