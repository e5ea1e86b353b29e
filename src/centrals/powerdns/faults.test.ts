import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { CentralError, type Central, type CentralErrorCode } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { invert, type Change } from '../../dns/zone.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { startProxy, type Behaviour, type HttpProxy, type Message } from '../../testing/proxies/http.ts';
import { powerdnsCentral, otherWriter } from '../../testing/accounts/powerdns.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';

const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };
const zone = parseName('faults.example.');
const web = record('web', '192.0.2.1');
const adding: Change = { zone, remove: [], add: [web] };
const page: Message = {
  status: 200,
  contentType: 'text/html',
  body: '<html><title>Sign in</title></html>',
};

let server: Powerdns;
let proxy: HttpProxy;
let central: Central;

before(async () => {
  server = await startPowerdns();
  proxy = await startProxy(server.url);
  central = powerdnsCentral(server, { address: proxy.url });
  assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
});

after(async () => {
  await central.close();
  await proxy.close();
  await server.dispose();
});

afterEach(async () => {
  proxy.behaviour = undefined;
  await central.apply(invert(adding), [], quietContext());
});

function record(name: string, address: string): ResourceRecord {
  return makeRecord({ name, type: 'A', rdata: address }, zone);
}

async function failure(
  call: Promise<unknown>,
  code: CentralErrorCode,
  state: CentralError['state'],
): Promise<CentralError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof CentralError, String(error));
    assert.deepEqual([error.code, error.state], [code, state], JSON.stringify(error.params));
    let cause: unknown = error;
    for (; cause instanceof Error; cause = cause.cause)
      assert.equal(`${String(cause)} ${JSON.stringify(cause)}`.includes(server.apiKey), false);
    return error;
  }
  assert.fail('the call was to fail');
}

async function holds(wanted: ResourceRecord, of: DnsName = zone): Promise<boolean> {
  const truth = (await otherWriter(server).records(of)) ?? [];
  return truth.some((one) => recordId(one) === recordId(wanted));
}

/** Limits a behaviour of the proxy to requests of one method. */
function on(method: string, behaviour: Behaviour): Behaviour {
  return async (request, pass) => (request.method === method ? await behaviour(request, pass) : undefined);
}

/** Limits a behaviour of the proxy to the first `count` requests. */
function times(count: number, behaviour: Behaviour): Behaviour {
  let left = count;
  return async (request, pass) => {
    left -= 1;
    return left < 0 ? undefined : await behaviour(request, pass);
  };
}

const internal: Message = {
  status: 500,
  contentType: 'text/plain; charset=utf-8',
  body: 'Internal Server Error',
};

describe('PowerDNS central: answers that are none', () => {
  it('takes no web page, empty or foreign answer for a zone or a list', async () => {
    const bodies = ['', '[', '{}', '[]x', '{"rrsets": []}', 'null', '[{"name": "a."}]', '"text"'];
    const answers: Message[] = [
      page,
      { ...page, contentType: 'application/json' },
      ...bodies.map((body) => ({ status: 200, contentType: 'application/json', body })),
    ];
    for (const answer of answers) {
      proxy.behaviour = async () => await Promise.resolve(answer);
      await failure(central.readZone(zone, [], quietContext()), 'central.garbled', 'untouched');
      await failure(central.readNames(zone, [zone], quietContext()), 'central.garbled', 'untouched');
      await failure(central.listZones([], quietContext()), 'central.garbled', 'untouched');
      await failure(central.check(quietContext()), 'central.garbled', 'untouched');
    }
  });

  it('takes no other zone, and no list of other zones, for what was asked', async () => {
    const { text } = await server.call('GET', `/zones/${zone}`);
    const body = text.replaceAll('faults.example', 'others.example');
    proxy.behaviour = async () =>
      await Promise.resolve({ status: 200, contentType: 'application/json', body });
    await failure(central.readZone(zone, [], quietContext()), 'central.garbled', 'untouched');
    proxy.behaviour = async (_request, pass) => ({
      ...(await pass()),
      body: JSON.stringify([{ name: 'others.example.', account: 'alice', kind: 'Native' }]),
    });
    await failure(central.deleteZone(zone, quietContext()), 'central.garbled', 'untouched');
  });

  it('believes 404 only where the list agrees: a lost way is no missing zone', async () => {
    const lost = { status: 404, contentType: 'text/plain', body: 'Not Found' };
    proxy.behaviour = async () => await Promise.resolve(lost);
    await failure(central.readZone(zone, [], quietContext()), 'central.garbled', 'untouched');
    await failure(central.listZones([], quietContext()), 'central.garbled', 'untouched');
    await failure(central.check(quietContext()), 'central.wrong-kind', 'untouched');
    proxy.behaviour = times(1, async () => await Promise.resolve(lost));
    await failure(central.readZone(zone, [], quietContext()), 'central.garbled', 'untouched');
    proxy.behaviour = async () => await Promise.resolve({ ...page, status: 404 });
    await failure(central.readZone(zone, [], quietContext()), 'central.garbled', 'untouched');
  });

  it('takes whole zones from a server that does not know reads by name', async () => {
    await central.apply(adding, [], quietContext());
    proxy.behaviour = async ({ path }, pass) => {
      if (!path.includes('rrset_name')) return await pass();
      const { status, text } = await server.call('GET', `/zones/${zone}`);
      return { status, contentType: 'application/json', body: text };
    };
    const add = [record('web', '192.0.2.2'), record('other', '192.0.2.3')];
    const altered = await central.apply({ zone, remove: [], add }, [], quietContext());
    assert.deepEqual(altered.added.map(recordId), add.map(recordId));
    const names = [web.name, parseName('none', zone)];
    assert.equal((await central.readNames(zone, names, quietContext()))?.length, 2);
    await central.apply({ zone, remove: add, add: [] }, [], quietContext());
    assert.equal(await holds(web), true);
  });

  it('tells another daemon of the same makers from a name server', async () => {
    const body = JSON.stringify({ daemon_type: 'recursor', version: '5.1.0' });
    proxy.behaviour = async () =>
      await Promise.resolve({ status: 200, contentType: 'application/json', body });
    const error = await failure(central.check(quietContext()), 'central.wrong-kind', 'untouched');
    assert.equal(error.params['kind'], 'powerdns');
  });

  it('follows no redirect', async () => {
    proxy.behaviour = async () => await Promise.resolve({ status: 302, contentType: 'text/plain', body: '' });
    await failure(central.readZone(zone, [], quietContext()), 'central.garbled', 'untouched');
    proxy.behaviour = on(
      'PATCH',
      async () => await Promise.resolve({ status: 307, contentType: '', body: '' }),
    );
    await failure(central.apply(adding, [], quietContext()), 'central.garbled', 'unknown');
  });

  it('keeps the key out of what it says, even if a page repeats it', async () => {
    const body = `<html><title>${server.apiKey}</title></html>`;
    for (const status of [200, 403, 500, 502]) {
      proxy.behaviour = async () => await Promise.resolve({ status, contentType: 'text/html', body });
      await assert.rejects(central.readZone(zone, [], quietContext()), (error) => {
        assert.ok(error instanceof CentralError);
        assert.match(error.params['text'] ?? '', /\*\*\*/u);
        return !JSON.stringify([error.message, error.params]).includes(server.apiKey);
      });
    }
    const sent = proxy.requests.map(({ path, body: text }) => `${path} ${text}`).join('\n');
    assert.equal(sent.includes(server.apiKey), false);
  });

  it('says refusals by their kind', async () => {
    const expected = [
      [403, 'central.access-denied'],
      [409, 'central.exists'],
      [413, 'central.limit'],
      [422, 'central.invalid-value'],
      [400, 'central.refused'],
    ] as const;
    for (const [status, code] of expected) {
      const body = JSON.stringify({ error: 'no', errors: ['first', 'second'] });
      proxy.behaviour = on(
        'PATCH',
        async () => await Promise.resolve({ status, contentType: 'application/json', body }),
      );
      const error = await failure(central.apply(adding, [], quietContext()), code, 'untouched');
      assert.deepEqual([error.retry, error.params['text']], ['never', 'no; first; second']);
    }
  });
});

describe('PowerDNS central: writes of unknown outcome', () => {
  it('finds a write done of which only the answer was lost', async () => {
    const losses: Behaviour[] = [
      async (_request, pass) => {
        await pass();
        return 'cut';
      },
      async (_request, pass) => {
        await pass();
        return internal;
      },
      async (_request, pass) => {
        await pass();
        return { ...page, status: 504 };
      },
      async (_request, pass) => {
        await pass();
        return page;
      },
    ];
    for (const loss of losses) {
      proxy.behaviour = on('PATCH', loss);
      const { added } = await central.apply(adding, [], quietContext());
      assert.deepEqual(added.map(recordId), [recordId(web)]);
      proxy.behaviour = undefined;
      await central.apply(invert(adding), [], quietContext());
    }
  });

  it('says unknown of a write that may still come', async () => {
    for (const given of ['cut', page, { ...page, status: 502 }] as const) {
      proxy.behaviour = on('PATCH', async () => await Promise.resolve(given));
      const code = given === 'cut' ? 'central.unreachable' : 'central.garbled';
      const error = await failure(central.apply(adding, [], quietContext()), code, 'unknown');
      assert.equal(error.retry, 'later');
      assert.equal(await holds(web), false);
    }
  });

  it('does again what the server ended without effect, and gives up after a while', async () => {
    proxy.behaviour = on(
      'PATCH',
      times(3, async () => await Promise.resolve(internal)),
    );
    assert.equal((await central.apply(adding, [], quietContext())).added.length, 1);
    proxy.behaviour = on('PATCH', async () => await Promise.resolve(internal));
    const error = await failure(
      central.apply(invert(adding), [], quietContext()),
      'central.garbled',
      'untouched',
    );
    assert.equal(error.retry, 'later');
    assert.equal(await holds(web), true);
  });

  it('says unknown when the look after a write fails', async () => {
    let written = false;
    proxy.behaviour = async ({ method }, pass) => {
      if (written) return 'cut';
      written = method === 'PATCH';
      return await pass();
    };
    await failure(central.apply(adding, [], quietContext()), 'central.unreachable', 'unknown');
    assert.equal(await holds(web), true);
  });

  it('says so when a write was answered well and did nothing', async () => {
    proxy.behaviour = on(
      'PATCH',
      async () => await Promise.resolve({ status: 204, contentType: 'text/plain', body: '' }),
    );
    await failure(central.apply(adding, [], quietContext()), 'central.no-effect', 'unknown');
  });

  it('ends at its deadline, also while it waits for its turn', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    proxy.behaviour = on('PATCH', async (_request, pass) => {
      await held;
      return await pass();
    });
    const slow = central.apply(adding, [], quietContext());
    const second = { zone, remove: [], add: [record('second', '192.0.2.2')] };
    const signal = AbortSignal.timeout(100);
    const ctx = { signal, operation: '-' };
    await failure(central.apply(second, [], ctx), 'central.unreachable', 'untouched');
    release();
    assert.equal((await slow).added.length, 1);
    assert.equal(await holds(record('second', '192.0.2.2')), false);
  });

  it('creates and deletes zones whose answers are lost, and no more than it is asked', async () => {
    const made = parseName('lost.example.');
    for (const lost of ['cut', internal, page] as const) {
      const losing: Behaviour = async ({ method }, pass) => {
        if (method === 'GET') return undefined;
        await pass();
        return lost;
      };
      proxy.behaviour = losing;
      const answer = lost === internal ? 'exists' : 'created';
      assert.equal(await central.createZone(made, seed, quietContext()), answer);
      assert.equal(await central.deleteZone(made, quietContext()), 'deleted');
    }
    proxy.behaviour = async ({ method }) => await Promise.resolve(method === 'GET' ? undefined : 'cut');
    await failure(central.createZone(made, seed, quietContext()), 'central.unreachable', 'unknown');
    proxy.behaviour = async ({ method }) => await Promise.resolve(method === 'GET' ? undefined : internal);
    await failure(central.createZone(made, seed, quietContext()), 'central.garbled', 'untouched');
    proxy.behaviour = times(
      4,
      async ({ method }) => await Promise.resolve(method === 'GET' ? undefined : internal),
    );
    assert.equal(await central.createZone(made, seed, quietContext()), 'created');
    proxy.behaviour = async ({ method }) => await Promise.resolve(method === 'GET' ? undefined : internal);
    await failure(central.deleteZone(made, quietContext()), 'central.garbled', 'untouched');
  });

  it('sends nothing that the server would find too long', async () => {
    const text = `"${'k'.repeat(250)}"`;
    const add = Array.from({ length: 6_000 }, (_, at) =>
      makeRecord({ name: `t${at}`, type: 'TXT', rdata: text }, zone),
    );
    const start = proxy.requests.length;
    await failure(central.apply({ zone, remove: [], add }, [], quietContext()), 'central.limit', 'untouched');
    assert.equal(
      // Flushes are not counted, because the second flush after an earlier write may come at any time.
      proxy.requests
        .slice(start)
        .some(({ method, path }) => method !== 'GET' && !path.includes('/cache/flush?')),
      false,
    );
  });

  it('sends EXTEND and PRUNE to a server that should know them, and whole RRsets to one that does not', async () => {
    const own = powerdnsCentral(server, { address: proxy.url });
    proxy.behaviour = async ({ path }, pass) => {
      const answer = await pass();
      return path.endsWith('/localhost')
        ? { ...answer, body: answer.body.replace('4.7.3', '5.0.2') }
        : answer;
    };
    const start = proxy.requests.length;
    await own.apply(adding, [], quietContext());
    await own.apply(invert(adding), [], quietContext());
    const types = proxy.requests
      .slice(start)
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => /"changetype":"(\w+)"/u.exec(body)?.[1]);
    // The server claims to be a 5.0.2, but is a 4.7.3 and refuses EXTEND. From then on PRUNE is not tried
    // either.
    assert.deepEqual(types, ['EXTEND', 'REPLACE', 'DELETE']);
    assert.equal(await holds(web), false);
    await own.close();
  });
});
