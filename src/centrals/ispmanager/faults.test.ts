import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { writeHandler, writePlugin } from '../../../sandbox/testing.ts';
import { CentralError, type Central, type CentralErrorCode } from '../../core/central.ts';
import { zoneName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { invert, type Change } from '../../dns/zone.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { alice, startPanel, truthOf, type TestPanel } from '../../testing/accounts/ispmanager.ts';

const seed = {
  addresses: ['192.0.2.1', '2001:db8::1'],
  nameServers: ['ns1.example.net.'],
  mailServers: ['mx'],
};
const zone = zoneName('example.org');
const www = record('web', '192.0.2.5');
const adding = change([], [www]);

let panel: TestPanel;
let central: Central;

before(async () => {
  panel = await startPanel();
  central = panel.central();
  assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
});

after(async () => {
  await central.close();
  await panel.stop();
});

afterEach(async () => {
  panel.sandbox.faults.clear();
  const defaults = { authRefusal: 'own', recordLimit: 0, filters: {}, lateVisibilityMs: 0 } as const;
  Object.assign(panel.sandbox.switches, defaults);
  await apply(invert(adding));
});

function record(name: string, address: string): ResourceRecord {
  return makeRecord({ name, type: 'A', rdata: address }, zone);
}

function change(remove: readonly ResourceRecord[], add: readonly ResourceRecord[]): Change {
  return { zone, remove, add };
}

async function apply(wanted: Change, by: Central = central) {
  const present = (await by.readZone(zone, [], quietContext())) ?? [];
  return await by.apply(wanted, present, quietContext());
}

function holds(wanted: ResourceRecord): boolean {
  return (truthOf(panel.sandbox, zone) ?? []).some((one) => recordId(one) === recordId(wanted));
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
    assert.equal(JSON.stringify([error.message, error.params]).includes(alice.password), false);
    return error;
  }
  assert.fail('the call was to fail');
}

/** The calls of a function that the panel got, from call number `start` on. */
function requestsSince(start: number, func: string) {
  return panel.sandbox.requests.slice(start).filter((request) => request.func === func);
}

describe('ISPmanager central: what goes over the wire', () => {
  it('sends documented parameters only, in the body of a POST', async () => {
    const start = panel.sandbox.requests.length;
    const made = zoneName('wire.example');
    await central.createZone(made, seed, quietContext());
    await apply(adding);
    await central.deleteZone(made, quietContext());
    const sent = panel.sandbox.requests.slice(start);
    assert.equal(
      sent.every(({ method }) => method === 'POST'),
      true,
    );
    const [, create] = requestsSince(start, 'domain.edit');
    assert.deepEqual(
      Object.keys(create?.params ?? {})
        .filter((name) => !['func', 'out', 'authinfo'].includes(name))
        .sort(),
      ['elid', 'ip', 'mx', 'name', 'ns', 'sok'],
    );
    const { name, ns, ip } = create?.params ?? {};
    assert.deepEqual([name, ns, ip], ['wire.example', panel.sandbox.switches.defaultNs, '192.0.2.1']);
    const [remove] = requestsSince(start, 'domain.delete');
    assert.deepEqual([remove?.params['elid'], remove?.params['webdomain']], ['wire.example', undefined]);
  });

  it('changes one record in one write with the old key', async () => {
    const start = panel.sandbox.requests.length;
    await apply(adding);
    await apply(change([www], [record('web', '192.0.2.6')]));
    const writes = requestsSince(start, 'domain.sublist.edit');
    assert.deepEqual(
      writes.map(({ params }) => params['elid']),
      ['', 'web A  192.0.2.5'],
    );
    assert.equal(requestsSince(start, 'domain.sublist.delete').length, 0);
    await apply(change([record('web', '192.0.2.6')], []));
  });

  it('never sends a key that reads as a list with the key of another record in it', async () => {
    const text = makeRecord({ name: 'list', type: 'TXT', rdata: '"x, web A  192.0.2.5"' }, zone);
    await apply(change([], [www, text]));
    const start = panel.sandbox.requests.length;
    await apply(change([text], []));
    assert.deepEqual(
      requestsSince(start, 'domain.sublist.delete').map(({ params }) => params['elid']?.includes(', ')),
      [false],
    );
    assert.deepEqual([holds(www), holds(text)], [true, false]);
    assert.equal(
      (truthOf(panel.sandbox, zone) ?? []).some(({ name }) => name === text.name),
      false,
    );
  });

  it('deletes a text with a comma directly where no harm can come of it', async () => {
    const text = makeRecord({ name: 'list', type: 'TXT', rdata: '"one, two, three"' }, zone);
    await apply(change([], [text]));
    const start = panel.sandbox.requests.length;
    await apply(change([text], []));
    assert.equal(requestsSince(start, 'domain.sublist.edit').length, 0);
    assert.equal(holds(text), false);
  });
});

describe('ISPmanager central: sessions and logins', () => {
  it('logs in again, once and silently, when the session has ended', async () => {
    const own = panel.central({ login: 'session' });
    await own.check(quietContext());
    const start = panel.sandbox.requests.length;
    panel.sandbox.faults.add({ func: 'domain.sublist.edit', effect: 'expire' });
    assert.equal((await apply(adding, own)).added.length, 1);
    assert.equal(requestsSince(start, 'auth').length, 1);
    assert.equal(holds(www), true);
    await own.close();
  });

  // Ways in which panels refuse a login. Some were seen at real panels; the others are guesses.
  for (const authRefusal of ['own', 'authfail', 'code100', 'plain'] as const) {
    for (const login of ['authinfo', 'session'] as const) {
      it(`calls a wrong password a refused login (${authRefusal}, ${login})`, async () => {
        panel.sandbox.switches.authRefusal = authRefusal;
        const own = panel.central({ login, password: 'wrong' });
        const error = await failure(own.check(quietContext()), 'central.login', 'untouched');
        assert.equal(error.retry, 'never');
        await failure(own.apply(adding, [], quietContext()), 'central.login', 'untouched');
        await own.close();
      });
    }
  }

  /** Rotates alice's password at the n-th request of a call. */
  const rotate = (at: number, password: string): void => {
    if (at > 1) panel.sandbox.faults.add({ effect: 'delay-before', count: at - 1 });
    panel.sandbox.faults.add({ effect: 'new-password', val: alice.name, text: password });
  };

  for (const login of ['authinfo', 'session'] as const) {
    it(`issue 16, rotation: goes on with the next password at any request of a write (${login})`, async () => {
      const replacing = change([www], [record('web', '192.0.2.6')]);
      try {
        for (let at = 1; ; at += 1) {
          panel.sandbox.changePassword(alice.name, alice.password);
          await apply(adding);
          const own = panel.central({ login, passwordNext: 'next p&ss:w%rd' });
          const present = (await own.readZone(zone, [], quietContext())) ?? [];
          const start = panel.sandbox.requests.length;
          rotate(at, 'next p&ss:w%rd');
          const altered = await own.apply(replacing, present, quietContext());
          assert.deepEqual([altered.removed.length, altered.added.length], [1, 1], String(at));
          await own.close();
          const isOver = panel.sandbox.faults.waiting.length > 0;
          panel.sandbox.faults.clear();
          panel.sandbox.changePassword(alice.name, alice.password);
          await apply(invert(replacing));
          assert.ok(panel.sandbox.requests.length > start);
          if (isOver) return assert.ok(at > 2, String(at));
        }
      } finally {
        panel.sandbox.changePassword(alice.name, alice.password);
      }
    });
  }

  it('issue 16, rotation: neither a refused next password nor a text of the panel shows it', async () => {
    const own = panel.central({ password: 'wr0ng-one', passwordNext: 'wr0ng-two' });
    const start = panel.sandbox.requests.length;
    const error = await failure(own.check(quietContext()), 'central.login', 'untouched');
    assert.equal(panel.sandbox.requests.length - start, 2);
    assert.ok(!/wr0ng/u.test(`${error.message}${JSON.stringify(error.params)}`));
    await own.close();
  });

  it('gives up after one new login', async () => {
    const own = panel.central({ login: 'session' });
    await own.check(quietContext());
    const start = panel.sandbox.requests.length;
    panel.sandbox.faults.add({ func: 'domain', effect: 'access-deny', count: null });
    // The panel accepted the login, so it refused only this call.
    await failure(own.listZones([], quietContext()), 'central.access-denied', 'untouched');
    assert.equal(requestsSince(start, 'auth').length, 1);
    await own.close();
  });
});

describe('ISPmanager central: answers that are none', () => {
  const spoiled = {
    'bad-gateway': 'central.garbled',
    cut: 'central.garbled',
    empty: 'central.garbled',
    'non-utf8': 'central.garbled',
    drop: 'central.unreachable',
  } as const;
  for (const [effect, code] of Object.entries(spoiled) as [keyof typeof spoiled, CentralErrorCode][]) {
    it(`takes a list with the fault ${effect} for no list`, async () => {
      const count = null;
      panel.sandbox.faults.add({ func: 'domain', effect, count });
      panel.sandbox.faults.add({ func: 'domain.sublist', effect, count });
      await failure(central.listZones([], quietContext()), code, 'untouched');
      const error = await failure(central.readZone(zone, [], quietContext()), code, 'untouched');
      assert.equal(error.retry, 'later');
    });

    it(`does not know what a write with the fault ${effect} did`, async () => {
      panel.sandbox.faults.add({ func: 'domain.sublist.edit', effect });
      await failure(apply(adding), code, 'unknown');
    });
  }

  it('says unknown when the answer is lost, and the same change then finds nothing to do', async () => {
    panel.sandbox.faults.add({ func: 'domain.sublist.edit', effect: 'lost' });
    await failure(apply(adding), 'central.unreachable', 'unknown');
    assert.equal(holds(www), true);
    assert.deepEqual(await apply(adding), { removed: [], added: [] });
  });

  it('says unknown when the look after the write fails', async () => {
    const present = (await central.readZone(zone, [], quietContext())) ?? [];
    panel.sandbox.faults.add({ func: 'domain.sublist', effect: 'bad-gateway' });
    await failure(central.apply(adding, present, quietContext()), 'central.garbled', 'unknown');
  });

  it('says partial when the second write is refused', async () => {
    const second = record('web2', '192.0.2.5');
    panel.sandbox.faults.add({
      func: 'domain.sublist.edit',
      params: { name: second.name },
      effect: 'refuse',
      code: 4,
      val: 'addr',
    });
    await failure(apply(change([], [www, second])), 'central.invalid-value', 'partial');
    assert.deepEqual([holds(www), holds(second)], [true, false]);
  });

  it('stops at the deadline in the middle of a write', async () => {
    const present = (await central.readZone(zone, [], quietContext())) ?? [];
    panel.sandbox.faults.add({ func: 'domain.sublist.edit', effect: 'delay-after', ms: 60_000 });
    const deadline = new AbortController();
    const call = central.apply(adding, present, { signal: deadline.signal, operation: '-' });
    while (panel.sandbox.faults.waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    deadline.abort();
    await failure(call, 'central.unreachable', 'unknown');
  });

  it('sends nothing to a server with another certificate', async () => {
    const own = panel.central({ trust: { kind: 'fingerprint', sha256: '0'.repeat(64) } });
    const start = panel.sandbox.requests.length;
    await failure(own.apply(adding, [], quietContext()), 'central.certificate', 'untouched');
    assert.equal(panel.sandbox.requests.length, start);
    await own.close();
  });

  it('takes its own CA, and no certificate that nobody vouches for', async () => {
    const own = panel.central({ trust: { kind: 'ca', pem: panel.sandbox.certificate } });
    await own.check(quietContext());
    await own.close();
    const publicly = panel.central({ trust: { kind: 'public' } });
    await failure(publicly.check(quietContext()), 'central.certificate', 'untouched');
    await publicly.close();
  });
});

describe('ISPmanager central: refusals', () => {
  const refusals: readonly (readonly [number, CentralErrorCode])[] = [
    [1, 'central.refused'],
    [4, 'central.invalid-value'],
    [5, 'central.limit'],
    [6, 'central.access-denied'],
    [7, 'central.refused'],
    [9, 'central.refused'],
  ];
  for (const [code, expected] of refusals) {
    it(`passes the words of error code ${code} on and has changed nothing`, async () => {
      const text = `No: ${alice.password}\n\t${encodeURIComponent(alice.password)} <&>`;
      panel.sandbox.faults.add({ func: 'domain.sublist.edit', effect: 'refuse', code, text });
      const error = await failure(apply(adding), expected, 'untouched');
      assert.deepEqual([error.retry, error.params['text']], ['never', 'No: *** *** <&>']);
      assert.equal(holds(www), false);
    });
  }

  it('notices that a refusal came after the change was made', async () => {
    const script = `[ "$HANDLER_STAGE" = after ] && echo '<doc><error code="8">too late</error></doc>' || echo '<doc/>'`;
    writeHandler(panel.sandbox.root, 'late', script);
    writePlugin(
      panel.sandbox.root,
      '<handler name="late" type="cgi"><event after="yes">domain.sublist.edit</event></handler>',
    );
    panel.sandbox.restartPanel();
    const error = await failure(apply(adding), 'central.refused', 'partial').finally(() => {
      writePlugin(panel.sandbox.root, '');
      panel.sandbox.restartPanel();
    });
    assert.equal(error.params['text'], 'too late');
    assert.equal(holds(www), true);
  });

  it('reports a refused zone: limit, sub-zone of somebody else, an inner error', async () => {
    const made = zoneName('refused.example');
    const expected = {
      5: 'central.limit',
      6: 'central.access-denied',
      4: 'central.invalid-value',
      1: 'central.refused',
    } as const;
    for (const code of [5, 6, 4, 1] as const) {
      panel.sandbox.faults.add({
        func: 'domain.edit',
        params: { sok: 'ok' },
        effect: 'refuse',
        code,
        text: 'no',
      });
      await failure(central.createZone(made, seed, quietContext()), expected[code], 'untouched');
    }
    panel.sandbox.faults.add({ func: 'domain.delete', effect: 'refuse', code: 1, text: 'no' });
    await failure(central.deleteZone(zone, quietContext()), 'central.refused', 'untouched');
  });

  it('does not know whether a zone was made when the answer is lost', async () => {
    const made = zoneName('lost.example');
    panel.sandbox.faults.add({ func: 'domain.edit', params: { sok: 'ok' }, effect: 'lost' });
    await failure(central.createZone(made, seed, quietContext()), 'central.unreachable', 'unknown');
    assert.equal(await central.createZone(made, seed, quietContext()), 'exists');
    panel.sandbox.faults.add({ func: 'domain.delete', effect: 'lost' });
    await failure(central.deleteZone(made, quietContext()), 'central.unreachable', 'unknown');
    assert.equal(await central.deleteZone(made, quietContext()), 'missing');
  });

  it('recognises its own zone that a filter hides from the list', async () => {
    panel.sandbox.switches.filters = { alice: 'nothing like it' };
    assert.equal((await central.listZones([], quietContext())).length, 0);
    assert.equal(await central.createZone(zone, seed, quietContext()), 'exists');
  });

  it('takes a list that says it is cut for no list', async () => {
    panel.sandbox.switches.recordLimit = 3;
    await failure(central.readZone(zone, [], quietContext()), 'central.list-cut', 'untouched');
  });

  it('takes a failed read for absence only when the list of zones proves it', async () => {
    panel.sandbox.faults.add({ func: 'domain.sublist', effect: 'refuse', code: 1, text: 'broken', count: 2 });
    await failure(central.readZone(zone, [], quietContext()), 'central.refused', 'untouched');
    assert.equal(await central.readZone(zoneName('nowhere.example'), [], quietContext()), null);
    panel.sandbox.faults.add({ func: 'domain.sublist', effect: 'refuse', code: 1, text: 'broken' });
    panel.sandbox.faults.add({ func: 'domain', effect: 'cut' });
    await failure(
      central.readZone(zoneName('nowhere.example'), [], quietContext()),
      'central.garbled',
      'untouched',
    );
  });
});

describe('ISPmanager central: a panel that shows changes late', () => {
  it('resolves once they show', async () => {
    panel.sandbox.switches.lateVisibilityMs = 400;
    assert.equal((await apply(adding)).added.length, 1);
    assert.equal((await apply(change([www], [record('web', '192.0.2.6')]))).removed.length, 1);
    assert.equal((await apply(change([record('web', '192.0.2.6')], []))).removed.length, 1);
    const made = zoneName('slow.example');
    assert.equal(await central.createZone(made, seed, quietContext()), 'created');
    assert.equal(await central.deleteZone(made, quietContext()), 'deleted');
  });

  it('calls a write without effect what it is, and does not repeat it', async () => {
    panel.sandbox.switches.lateVisibilityMs = 3_600_000;
    const start = panel.sandbox.requests.length;
    await failure(apply(adding), 'central.no-effect', 'unknown');
    assert.equal(requestsSince(start, 'domain.sublist.edit').length, 1);
    const made = zoneName('unseen.example');
    await failure(central.createZone(made, seed, quietContext()), 'central.no-effect', 'unknown');
    await panel.clock.sleep(2 * 3_600_000);
    panel.sandbox.switches.lateVisibilityMs = 0;
    assert.equal(await central.deleteZone(made, quietContext()), 'deleted');
  });
});
