/**
 * Issue 11.1: tests the handler for functions that may change owners. It asks the agent, and never refuses.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { accepted, answering, listening, makeShim, missing, type Shim } from '../testing/shim.ts';

const nc = { skip: missing('nc') };
const document = Buffer.from(
  '<?xml version="1.0" encoding="UTF-8"?>\n<doc><elem><name>ä</name></elem></doc>\n\n',
);

interface Kind {
  readonly name: string;
  readonly make: (t: TestContext) => Shim;
  /**
   * Environments of two calls. `save`: an administrator saves an account. The other one only opens its form.
   */
  readonly save: Readonly<Record<string, string>>;
  readonly opening: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** The output of the hook if nothing is refused. */
  readonly passed: Buffer;
}

const doc = Buffer.from(`${accepted}\n`);
const core = { PARAM_func: 'user.edit', PARAM_elid: 'kunde', AUTH_USER: 'root', AUTH_LEVEL: '30' };

const kinds: readonly Kind[] = [
  {
    name: 'version 4',
    make: (t) => makeShim(t, { kind: 'ispmanager4', handler: 'domainsync_owners', type: 'cgi' }),
    save: { HANDLER_STAGE: 'before', REQUEST_METHOD: 'POST', SESSION_LEVEL: '7' },
    opening: { HANDLER_STAGE: 'before', REQUEST_METHOD: 'GET', QUERY_STRING: 'func=user.edit&elid=kunde' },
    body: Buffer.from('func=user.edit&elid=kunde&sok=ok'),
    passed: doc,
  },
  ...(['cgi', 'xml'] as const).map((type): Kind => ({
    name: `version 6, ${type}`,
    make: (t) => makeShim(t, { kind: 'ispmanager6', handler: 'domainsync_owners', type }),
    save: { ...core, PARAM_sok: 'ok' },
    opening: core,
    body: type === 'xml' ? document : null,
    passed: type === 'xml' ? document : doc,
  })),
];

async function run(shim: Shim, { save, body, passed }: Kind): Promise<void> {
  const { octets } = await shim.run(save, body);
  assert.equal(octets.toString(), passed.toString());
}

for (const kind of kinds) {
  test(`${kind.name}: the agent hears of a save as "before", of an opening not`, nc, async (t) => {
    const shim = kind.make(t);
    const calls = await answering(t, shim, accepted);
    await shim.run(kind.opening, kind.body === document ? document : null);
    assert.equal(calls.length, 0);
    await run(shim, kind);
    const [call] = calls;
    assert.equal(calls.length, 1);
    assert.equal(call?.stage ?? call?.environment['HANDLER_STAGE'], 'before');
  });

  test(`issue 11.1: ${kind.name}: never refused, whatever the agent answers`, nc, async (t) => {
    const shim = kind.make(t);
    await answering(t, shim, '<doc><error code="9" type="domainsync"><msg>no</msg></error></doc>');
    await run(shim, kind);
  });

  test(`issue 11.1: ${kind.name}: never refused, without an agent and while paused`, async (t) => {
    const shim = kind.make(t);
    shim.tools = [];
    await run(shim, kind);
    writeFileSync(shim.pause, '');
    // During a pause, the hook does not read the body.
    const { octets } = await shim.run(kind.save, kind.body === document ? document : null);
    assert.equal(octets.toString(), kind.passed.toString());
  });

  test(
    `issue 11.1: ${kind.name}: never refused by half an answer, nor by an agent that hangs`,
    nc,
    async (t) => {
      const half = kind.make(t);
      await listening(t, half, (socket) => socket.end('domainsync hello\n<doc><error/>'));
      await run(half, kind);
      const hanging = kind.make(t);
      await listening(t, hanging, () => undefined);
      const { octets, ms } = await hanging.run(kind.save, kind.body);
      assert.equal(octets.toString(), kind.passed.toString());
      // The hook gives up after 15 seconds. A busy machine may need more time for the rest.
      assert.ok(ms < 60_000, `${ms} ms`);
    },
  );
}
