/**
 * Tests the hook of ISPmanager 5/6 and DNSmanager 5/6. The environment holds the parameters. Each stage has
 * its own handler, of type `cgi` or `xml`.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseXml } from '../testing/parse-xml.ts';
import type { HandlerType } from '../panels/layout.ts';
import { accepted, answering, makeShim, missing, type Shim } from '../testing/shim.ts';

const nc = { skip: missing('nc') };
const save = {
  PARAM_func: 'domain.record.edit',
  PARAM_plid: 'example.org',
  PARAM_elid: '',
  PARAM_name: 'www',
  PARAM_sok: 'ok',
  AUTH_USER: 'kunde',
  AUTH_LEVEL: '16',
};
const refusal = `<?xml version="1.0" encoding="UTF-8"?>\n<doc><error type="domainsync" object="central"><msg>no</msg></error></doc>`;

function before(t: TestContext, type: HandlerType = 'cgi'): Shim {
  return makeShim(t, { kind: 'ispmanager6', handler: 'domainsync', type });
}

function after(t: TestContext, type: HandlerType = 'cgi'): Shim {
  return makeShim(t, { kind: 'ispmanager6', handler: 'domainsync_after', type });
}

test('parameters arrive octet for octet, with the stage of the handler', nc, async (t) => {
  for (const [shim, stage] of [
    [before(t), 'before'],
    [after(t), 'after'],
  ] as const) {
    const calls = await answering(t, shim, '<doc>\n<ok/>ä</doc>\n');
    const odd = {
      PARAM_value: `"a\tb" 'c' $(touch /tmp/x) \`id\` %41%0A & \\ ; ä\nPARAM_sok=\nPARAM_func=evil\r\n`,
      'PARAM_x\nPARAM_func': 'evil',
      'PARAM_with-dash.and:colon': '1',
      PARAM_empty: '',
    };
    const { output } = await shim.run({ ...save, ...odd });
    assert.equal(output, '<doc>\n<ok/>ä</doc>');
    assert.equal(calls.length, 1);
    const [call] = calls;
    assert.ok(call !== undefined);
    assert.equal(call.stage, stage);
    assert.equal(call.body.length, 0);
    for (const [name, value] of Object.entries({ ...save, ...odd })) {
      assert.equal(Buffer.from(call.environment[name] ?? '-', 'latin1').toString('utf8'), value, name);
    }
  }
});

test('a value as long as the system takes, and many of them', nc, async (t) => {
  const shim = before(t);
  const calls = await answering(t, shim, accepted);
  const long = Object.fromEntries(
    Array.from({ length: 10 }, (_, at) => [`PARAM_p${at}`, 'x'.repeat(100_000)]),
  );
  assert.equal((await shim.run({ ...save, ...long })).output, accepted);
  assert.equal(calls[0]?.environment['PARAM_p9']?.length, 100_000);
});

test('openings ask nobody; what may be a save, deletes and unknown environments do', nc, async (t) => {
  const edit = { PARAM_func: 'domain.record.edit', PARAM_plid: 'example.org' };
  const query = 'func=domain.record.edit&plid=example.org';
  const cases: readonly (readonly [Record<string, string>, number, number])[] = [
    [edit, 0, 0],
    [
      {
        ...edit,
        PARAM_elid: 'www.example.org. A  192.0.2.1',
        QUERY_STRING: `${query}&elid=www.example.org.%20A`,
      },
      0,
      0,
    ],
    // Issue 11.2: a variable ends at a NUL octet, and of a repeated variable the shell sees only one value.
    [{ ...edit, PARAM_sok: '' }, 1, 1],
    [{ ...edit, PARAM_sok: 'ok' }, 1, 1],
    [{ ...edit, PARAM_sv_field: 'rtype' }, 0, 0],
    [{ ...edit, PARAM_sok: 'ok', PARAM_sv_field: 'rtype' }, 1, 1],
    [{ ...edit, QUERY_STRING: `${query}&sok=%00ok` }, 1, 1],
    [{ ...edit, QUERY_STRING: `${query}&%73ok=%00ok` }, 1, 1],
    [{ ...edit, QUERY_STRING: `${query}&%2573ok=ok` }, 1, 1],
    [{ ...edit, QUERY_STRING: 'func=domain.record.edit&func=domain.record.delete' }, 1, 1],
    [{ ...edit, PARAM_elids: 'www.example.org. A  192.0.2.1' }, 1, 1],
    [{ PARAM_func: 'Domain.Record.DELETE', PARAM_elid: 'x' }, 1, 1],
    // With field values but no visible `sok`, `before` accepts at once, and `after` asks the agent.
    [{ ...edit, PARAM_rtype: 'a', PARAM_ip: '192.0.2.1' }, 0, 1],
    [{ PARAM_func: 'domain.edit', PARAM_name: 'new.example' }, 0, 1],
    [{ PARAM_func: 'site.edit', PARAM_name: 'new.example' }, 0, 0],
    [{ ...edit, PARAM_sok: 'ok', PARAM_sv_field: '' }, 1, 1],
    [{ PARAM_func: 'domain.delete', PARAM_elid: 'a.example' }, 1, 1],
    [{ PARAM_func: 'domain.record.delete', PARAM_elids: 'a, b', PARAM_sv_field: 'x' }, 1, 1],
    // A variable whose name only looks like `PARAM_sok` does not count.
    [{ ...edit, 'PARAM_sok ': 'ok', param_sok: 'ok' }, 0, 0],
    [{ ...edit, QUERY_STRING: 'sok=ok' }, 1, 1],
    [{ QUERY_STRING: 'func=domain.record.edit&sok=ok' }, 1, 1],
  ];
  for (const [environment, inBefore, inAfter] of cases) {
    for (const [shim, expected] of [
      [before(t), inBefore],
      [after(t), inAfter],
    ] as const) {
      const calls = await answering(t, shim, accepted);
      assert.equal((await shim.run(environment)).output, accepted);
      assert.equal(calls.length, expected, JSON.stringify(environment));
    }
  }
});

test('no agent and none to be had: refused in the language of the call, an after is let be', async (t) => {
  const shim = before(t);
  const languages: readonly (readonly [Record<string, string>, 'en' | 'ru'])[] = [
    [{}, 'en'],
    [{ HTTP_COOKIE: 'ispmgrses5=abc; ispmgrlang5=orion:ru' }, 'ru'],
    [{ HTTP_COOKIE: 'dnsmgrlang5=orion%3Aru; x=y' }, 'ru'],
    [{ HTTP_COOKIE: 'ispmgrlang5=orion:en; x=a:ru', HTTP_ACCEPT_LANGUAGE: 'ru' }, 'en'],
    [{ HTTP_ACCEPT_LANGUAGE: 'ru-RU,ru;q=0.9,en;q=0.8' }, 'ru'],
    [{ HTTP_ACCEPT_LANGUAGE: 'de,ru;q=0.5' }, 'en'],
    [{ PARAM_lang: 'ru', HTTP_COOKIE: 'ispmgrlang5=orion:en' }, 'ru'],
  ];
  for (const [environment, language] of languages) {
    const { output } = await shim.run({ ...save, ...environment });
    const error = parseXml(output).children[0];
    assert.deepEqual(
      { ...error?.attributes },
      { type: 'domainsync', object: 'central', lang: language },
      JSON.stringify(environment),
    );
    assert.match(output, language === 'ru' ? /ничего не изменено/ : /Nothing was changed/);
  }
  assert.equal((await after(t).run(save)).output, accepted);
});

test('issue 11.6: an agent that the hook starts gets nothing of the environment of the request', async (t) => {
  const shim = before(t);
  shim.tools = [];
  const seen = join(shim.directory, 'seen');
  const program = `require('fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.env)); process.exit(1)`;
  writeFileSync(join(shim.directory, 'agent.cjs'), program);
  const forced = join(shim.directory, 'forced.cjs');
  writeFileSync(forced, `require('fs').writeFileSync(${JSON.stringify(join(shim.directory, 'ran'))}, '')`);
  const steering = {
    NODE_OPTIONS: `--require ${forced}`,
    NODE_EXTRA_CA_CERTS: '/tmp/ca.pem',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    LD_LIBRARY_PATH: '/tmp',
    DOMAINSYNC_ROOT: '/tmp',
    DOMAINSYNC_AGENT: '/tmp/agent.cjs',
  };
  await shim.run({ ...save, ...steering, PARAM_passwd: 'secret', HTTP_PROXY: 'x' });
  const environment = JSON.parse(readFileSync(seen, 'utf8')) as Record<string, string>;
  assert.deepEqual(Object.keys(environment).toSorted(), ['LANG', 'PATH']);
  assert.equal(existsSync(join(shim.directory, 'ran')), false);
});

test('paused: accepted without anybody, until the pause ends', async (t) => {
  const shim = before(t);
  shim.tools = [];
  writeFileSync(shim.pause, '');
  assert.equal((await shim.run(save)).output, accepted);
  writeFileSync(shim.pause, `${Math.floor(Date.now() / 1_000) - 1}\n`);
  assert.match((await shim.run(save)).output, /does not answer/);
});

test('an answer without its end mark is a refusal', nc, async (t) => {
  const shim = before(t);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('domainsync hello\n<doc/>');
  });
  await new Promise<void>((resolve) => server.listen(shim.socket, resolve));
  t.after(() => server.close());
  assert.match((await shim.run(save)).output, /does not answer/);
});

/** Documents that a panel may send. Their lengths are in octets, not in characters. */
const documents: readonly Buffer[] = [
  Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n<doc><elem><name>ä</name></elem></doc>\n\n\n'),
  Buffer.from('\ufeff<doc/>'),
  Buffer.from('\n\n<doc> %s \\n $(id) `id` </doc>'),
  Buffer.concat([Buffer.from('<doc>'), randomBytes(300_000), Buffer.from('</doc>')]),
  Buffer.from(`<doc>${'<elem><key>www A  192.0.2.1</key></elem>'.repeat(100_000)}</doc>`),
];

test('type xml: to accept is to hand the document back as it came, whoever accepts', nc, async (t) => {
  for (const document of documents) {
    for (const shim of [before(t, 'xml'), after(t, 'xml')]) {
      await answering(t, shim, `${accepted}\n`);
      const { octets } = await shim.run(save, document);
      assert.ok(octets.equals(document), `agent: ${octets.subarray(0, 80).toString()}`);
    }
    const opening = await before(t, 'xml').run({ PARAM_func: 'domain.edit' }, document);
    assert.ok(opening.octets.equals(document));
    const paused = before(t, 'xml');
    writeFileSync(paused.pause, '');
    assert.ok((await paused.run(save, document)).octets.equals(document));
    assert.ok((await after(t, 'xml').run(save, document)).octets.equals(document), 'no agent');
  }
});

test('type xml: a refusal replaces the document, which is read to its end', nc, async (t) => {
  const [document] = documents.slice(-1);
  assert.ok(document !== undefined);
  const refused = before(t, 'xml');
  await answering(t, refused, refusal);
  assert.equal((await refused.run(save, document)).output, refusal);
  const late = after(t, 'xml');
  await answering(t, late, refusal);
  assert.equal((await late.run(save, document)).output, refusal);
  const { output } = await before(t, 'xml').run(save, document);
  assert.equal(parseXml(output).children[0]?.name, 'error');
});

test('type xml without any document says the empty one', nc, async (t) => {
  const shim = before(t, 'xml');
  await answering(t, shim, accepted);
  assert.equal((await shim.run(save, Buffer.alloc(0))).output, accepted);
  // The panel starts the handler as a CGI program, and leaves its input open, until the panel is restarted.
  assert.equal((await shim.run(save)).output, accepted);
});
