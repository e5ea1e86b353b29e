import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CentralError } from '../../core/central.ts';
import { parseXml } from '../../testing/parse-xml.ts';
import { indented } from '../../testing/scripted-panel.ts';
import { demandOk, readAnswer } from './answer.ts';
import { readRows, type ListedRow } from './lists.ts';

const plain = (text: string): string => text;
const byKey = (row: ListedRow): string => row['key'] ?? '';
const byName = (row: ListedRow): string => row['name'] ?? '';

async function read(body: string | Buffer, status = 200, effect: 'read' | 'write' = 'read') {
  return await readAnswer({ status, contentType: 'text/xml', body: Buffer.from(body) }, effect, plain);
}

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof CentralError, String(error));
    return `${error.code} ${error.state}`;
  }
  return 'ok';
}

const list = `<?xml version="1.0" encoding="UTF-8"?>
<doc><plid>example.org</plid><elem><key>www A  203.0.113.7</key><name>www</name><type>A</type><addr>203.0.113.7</addr></elem>
<banner status="1" id="news" infotype="info">A new version: café &amp; more</banner>
<elem><key>t TXT  &lt;ü&gt;</key><name>t</name><type>TXT</type><addr>&lt;ü&gt;</addr><active/></elem></doc>`;

describe('answers of a panel', () => {
  it('are taken whole: every proper prefix of a list is an error', async () => {
    const octets = Buffer.from(list);
    assert.equal((await readRows(await read(octets), byKey)).length, 2);
    for (let length = 0; length < octets.length; length += 1) {
      assert.equal(
        await codeOf(() => read(octets.subarray(0, length))),
        'central.garbled untouched',
        String(length),
      );
    }
  });

  it('may begin with blank lines and a byte order mark', async () => {
    assert.equal((await readRows(await read(`\n\n${list}`), byKey)).length, 2);
    assert.equal((await readRows(await read(`\ufeff${list}`), byKey)).length, 2);
  });

  it('are told apart from everything else', async () => {
    const others = [
      '',
      ' \n',
      '<!DOCTYPE html><html><body>Login</body></html>',
      '<html><head/><body/></html>',
      'OK',
      '<ok/>',
      '{"auth":"1"}',
      '<?xml version="1.0"?><!DOCTYPE doc [<!ENTITY a "b">]><doc>&a;</doc>',
    ];
    for (const other of others)
      assert.equal(await codeOf(() => read(other)), 'central.garbled untouched', other);
    assert.equal(await codeOf(() => read(list, 500)), 'central.garbled untouched');
    assert.equal(await codeOf(() => read(list, 502, 'write')), 'central.garbled unknown');
  });

  it('name the page that came instead', async () => {
    const page = '<html><head><title>502 Bad\nGateway</title></head></html>';
    await assert.rejects(read(page, 502), { params: { text: 'HTTP 502 (502 Bad Gateway)' } });
  });

  it('refuse in several shapes', async () => {
    const shapes: Readonly<Record<string, string>> = {
      '<doc><authfail/></doc>': 'central.login untouched',
      'access deny': 'central.login untouched',
      '<doc><error code="100">access deny</error></doc>': 'central.login untouched',
      '<error code="100">access deny</error>': 'central.login untouched',
      '<doc><error code="2" obj="domain"/></doc>': 'central.exists untouched',
      '<doc><error code="3" obj="domain"/></doc>': 'central.missing untouched',
      '<doc><error code="5" val="domain"/></doc>': 'central.limit untouched',
      '<doc><error>text</error><ok/></doc>': 'central.refused unknown',
      '<doc><error type="auth" object="badpassword" code="1"><msg>no</msg></error></doc>':
        'central.login untouched',
      // Only the documented type `auth` counts as a refused login. A name that JavaScript objects inherit
      // (`constructor`) is no known type.
      '<doc><error type="badlogin"/></doc>': 'central.refused unknown',
      '<doc><error type="author"/></doc>': 'central.refused unknown',
      '<doc><error type="constructor"/></doc>': 'central.refused unknown',
      '<doc><error type="__proto__"/></doc>': 'central.refused unknown',
      '<doc><error code="toString"/></doc>': 'central.refused unknown',
      '<doc><error type="missed" object="domain"/></doc>': 'central.missing untouched',
      '<doc><error type="nofunc"><msg>no</msg></error></doc>': 'central.refused unknown',
    };
    assert.equal(await codeOf(() => read('', 401)), 'central.login untouched');
    for (const [body, expected] of Object.entries(shapes)) {
      assert.equal(await codeOf(() => read(body, 200, 'write')), expected, body);
      // The same document is tried with indentation too.
      assert.equal(await codeOf(() => read(indented(body), 200, 'write')), expected, indented(body));
    }
  });

  it('issue 12.14: an indented error keeps its own words', async () => {
    const spoken: Readonly<Record<string, string>> = {
      '<doc><error type="exists" object="domain"><msg>Domain already exists</msg></error></doc>':
        'Domain already exists',
      '<doc><error type="value"><param name="a">b</param><detail>No such value</detail></error></doc>':
        'No such value',
      '<doc><error code="2" obj="domain"><msg/><detail>In the detail</detail></error></doc>': 'In the detail',
      '<doc><error code="9">In the element</error></doc>': 'In the element',
      '<doc><error type="exists" object="domain"><group>g</group></error></doc>':
        'error code exists (domain)',
    };
    for (const [body, text] of Object.entries(spoken)) {
      for (const shape of [body, indented(body)])
        await assert.rejects(
          read(shape),
          (error) => error instanceof CentralError && error.params['text'] === text,
          shape,
        );
    }
  });

  it('issue 12.15: messages alone are a success only of what creates a domain', () => {
    const said = (inner: string, func: string): void => demandOk(parseXml(`<doc>${inner}</doc>`), func);
    said('<messages><msg>The domain was created</msg></messages>', 'domain.edit');
    for (const func of [
      'domain.record.edit',
      'domain.record.delete',
      'domain.sublist.edit',
      'domain.delete',
    ]) {
      said('<ok/><messages/>', func);
      for (const inner of ['<messages/>', '<messages><msg>Sure?</msg></messages>'])
        assert.throws(() => said(inner, func), { code: 'central.garbled', state: 'unknown' }, func);
    }
  });
});

describe('lists of a panel', () => {
  async function rows(inner: string) {
    return await readRows(parseXml(`<doc>${inner}</doc>`), byName);
  }

  it('may be empty, shown as no row or as one empty row', async () => {
    assert.deepEqual(await rows(''), []);
    assert.deepEqual(await rows('<elem/>'), []);
    assert.deepEqual(await rows('<elem><name>a</name><active/></elem>'), [{ name: 'a', active: '' }]);
  });

  it('have an identifier in every row', async () => {
    for (const inner of [
      '<elem><type>A</type></elem>',
      '<elem><name/></elem>',
      '<elem><name>a</name></elem><elem/>',
    ]) {
      assert.equal(await codeOf(() => rows(inner)), 'central.garbled untouched', inner);
    }
  });

  it('are no lists when a banner says that rows are left out', async () => {
    const cut = [
      '<banner id="recordlimit"/>',
      '<banner info="too_many_rows">x</banner>',
      '<banner id="7">Only the first 100 rows are shown</banner>',
      '<banner id="7">Показаны первые 100 записей</banner>',
    ];
    for (const banner of cut)
      assert.equal(
        await codeOf(() => rows(`<elem><name>a</name></elem>${banner}`)),
        'central.list-cut untouched',
        banner,
      );
    const news = [
      '<banner id="news">A new version is available</banner>',
      '<banner id="license">Your licence ends first of May</banner>',
      '<banner>Backup your records</banner>',
    ];
    for (const banner of news)
      assert.equal((await rows(`<elem><name>a</name></elem>${banner}`)).length, 1, banner);
  });
});
