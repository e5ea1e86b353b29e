/**
 * Tests complete documents that do not answer the question, or that name records ambiguously
 * (docs/protocol.md#documents, #record-list-5).
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { CentralError, type CentralErrorCode } from '../../core/central.ts';
import { parseName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { escapeXml } from '../../net/xml.ts';
import { indented, serve, type Sent } from '../../testing/scripted-panel.ts';
import { patience } from '../../testing/patience.ts';

const zone = parseName('example.org.');
const ctx = () => ({ signal: AbortSignal.timeout(patience), operation: '-' });

async function codeOf(call: Promise<unknown>): Promise<CentralErrorCode | 'no error'> {
  try {
    await call;
    return 'no error';
  } catch (error) {
    assert.ok(error instanceof CentralError, String(error));
    assert.equal(error.state, 'untouched');
    return error.code;
  }
}

type Layout = (document: string) => string;

/** Runs a test twice: with the documents as they are written here, and with indented ones. */
function both(name: string, run: (t: TestContext, layout: Layout) => Promise<void>): void {
  test(name, async (t) => {
    await run(t, (document) => document);
  });
  test(`${name} (indented)`, async (t) => {
    await run(t, indented);
  });
}

async function serveAs(
  layout: Layout,
  t: TestContext,
  answer: (call: Sent) => string,
  more: Parameters<typeof serve>[2] = {},
): ReturnType<typeof serve> {
  return await serve(t, (call) => layout(answer(call)), more);
}

const notLists = {
  'a login page': '<doc func="logon"><username/></doc>',
  'a question': '<doc func="confirm"><msg>Sure?</msg></doc>',
  'a redirect': `<doc><redirect>location='/other'</redirect></doc>`,
  'a success': '<doc><ok/></doc>',
};

for (const [what, body] of Object.entries(notLists)) {
  both(`${what} is no empty list`, async (t, layout) => {
    const { central } = await serveAs(layout, t, () => body);
    assert.equal(await codeOf(central.listZones([], ctx())), 'central.garbled');
    assert.equal(await codeOf(central.readZone(zone, [], ctx())), 'central.garbled');
  });
}

both('a bare document is no zone without records', async (t, layout) => {
  const { central } = await serveAs(layout, t, () => '<doc/>');
  assert.equal(await codeOf(central.readZone(zone, [], ctx())), 'central.garbled');
});

both('an empty list that says what it is, is one', async (t, layout) => {
  const { central } = await serveAs(layout, t, ({ func = '' }) => `<doc func="${func}"><tparams/></doc>`);
  assert.deepEqual([await central.listZones([], ctx()), await central.readZone(zone, [], ctx())], [[], []]);
});

both(
  'a session that the panel answers with its login page is renewed by the next call',
  async (t, layout) => {
    let valid = 'none';
    const { central, calls } = await serveAs(
      layout,
      t,
      ({ func = '', auth }) => {
        if (func === 'auth') {
          valid = `session${calls.length}`;
          return `<doc func="auth"><auth id="${valid}">${valid}</auth></doc>`;
        }
        return auth === valid ? `<doc func="${func}"/>` : '<doc func="logon"/>';
      },
      { login: 'session' },
    );
    assert.deepEqual(await central.listZones([], ctx()), []);
    valid = 'none';
    assert.equal(await codeOf(central.listZones([], ctx())), 'central.garbled');
    assert.deepEqual(await central.listZones([], ctx()), []);
  },
);

interface Row {
  readonly rkey: string;
  readonly rtype: string;
  readonly value: string;
}

function listOf(rows: readonly Row[]): string {
  const elements = rows.map(
    ({ rkey, rtype, value }) =>
      `<elem><rkey>${escapeXml(rkey)}</rkey><name>a.example.org.</name><ttl>60</ttl><rtype>${rtype}</rtype><value>${value}</value></elem>`,
  );
  return `<doc func="domain.record">${elements.join('')}</doc>`;
}

function address(rdata: string): ResourceRecord {
  return makeRecord({ name: 'a', type: 'A', rdata, ttl: 60 }, zone);
}

both(
  'an identifier that several records share is never sent: the other one could be hit',
  async (t, layout) => {
    const rows: readonly Row[] = [
      { rkey: 'a A', rtype: 'A', value: '192.0.2.1' },
      { rkey: 'a A', rtype: 'A', value: '192.0.2.2' },
      { rkey: 'a AAAA', rtype: 'AAAA', value: '2001:db8::1' },
    ];
    const { central, calls } = await serveAs(layout, t, () => listOf(rows));
    const present = (await central.readZone(zone, [], ctx())) ?? [];
    assert.deepEqual(
      present.map(({ handle }) => handle),
      ['', '', 'a AAAA'],
    );
    const change = { zone, remove: [address('192.0.2.2')], add: [] };
    assert.equal(await codeOf(central.apply(change, present, ctx())), 'central.ambiguous-key');
    const other = { ...change, add: [address('192.0.2.9')] };
    assert.equal(await codeOf(central.apply(other, present, ctx())), 'central.ambiguous-key');
    assert.deepEqual([...new Set(calls.map(({ func }) => func))], ['domain.record']);
  },
);

both('rows that mean the same record may share their identifier', async (t, layout) => {
  const { central } = await serveAs(layout, t, () => {
    const row = { rkey: 'a A', rtype: 'A', value: '192.0.2.1' };
    return listOf([row, row]);
  });
  const handles = (await central.readZone(zone, [], ctx()))?.map(({ handle }) => handle);
  assert.deepEqual(handles, ['a A', 'a A']);
});

both(
  'a panel that repeats the password, however it spells it, does not bring it into our texts',
  async (t, layout) => {
    const password = 'pa<ss & wörd"';
    const spellings = [
      'pa&lt;ss &amp; w\u00f6rd&quot;',
      'pa%3Css%20%26%20w%C3%B6rd%22',
      'pa%3Css+%26+w%C3%B6rd%22',
    ];
    const bodies = spellings.flatMap((spelling) => [
      `<html><title>${spelling}</title></html>`,
      `<doc><error type="other"><msg>${spelling}</msg></error></doc>`,
      `<doc func="${spelling}"/>`,
    ]);
    for (const body of bodies) {
      const { central } = await serveAs(layout, t, () => body, { password });
      await assert.rejects(central.listZones([], ctx()), (error) => {
        assert.ok(error instanceof CentralError);
        const told = JSON.stringify([error.message, error.params]);
        assert.match(told, /\*\*\*/);
        assert.doesNotMatch(told, /w(?:ö|%C3%B6)rd/);
        return true;
      });
    }
  },
);
