import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import type { Actor, Rank } from '../../panel.ts';
import { Owners, type Right } from './owners.ts';

const a = parseName('a.example.');
const b = parseName('b.example.');
const patience = 5_000;

function who(name: string, rank: Rank = 'user'): Actor {
  return { name, rank };
}

/** Owners of two zones: `a` belongs to alice, whose reseller is rick; the owner of `b` is unknown. */
function known(): Owners {
  const owners = new Owners();
  const list = new Map([
    [a, ['alice', 'rick']],
    [b, null],
  ]);
  owners.read(list, 0, patience);
  return owners;
}

function right(owners: Owners, actor: Actor, zone: DnsName, creates = false): Right {
  return owners.judge({ actor, zone, creates });
}

describe('issue 11.1: who may write before the panel has', () => {
  const cases: readonly (readonly [Actor, zone: string, 'edits' | 'creates', Right])[] = [
    [who('alice'), 'a.example.', 'edits', 'may'],
    [who('rick', 'reseller'), 'a.example.', 'edits', 'may'],
    [who('root', 'administrator'), 'a.example.', 'edits', 'may'],
    [who('', 'administrator'), 'none.example.', 'edits', 'may'],
    [who('eve'), 'a.example.', 'edits', 'another'],
    [who('Alice'), 'a.example.', 'edits', 'another'],
    [who('ron', 'reseller'), 'a.example.', 'edits', 'another'],
    [who('alice', 'nobody'), 'a.example.', 'edits', 'unknown'],
    [who(''), 'a.example.', 'edits', 'unknown'],
    [who('alice'), 'b.example.', 'edits', 'unknown'],
    [who('alice'), 'none.example.', 'edits', 'unknown'],
    [who('eve'), 'new.example.', 'creates', 'may'],
    [who('eve', 'nobody'), 'new.example.', 'creates', 'unknown'],
    [who('eve'), 'a.example.', 'creates', 'another'],
    [who('eve'), 'x.a.example.', 'creates', 'another'],
    [who('eve'), 'deep.x.a.example.', 'creates', 'another'],
    [who('alice'), 'x.a.example.', 'creates', 'may'],
    [who('alice'), 'x.b.example.', 'creates', 'unknown'],
    [who('eve'), 'example.', 'creates', 'another'],
    [who('eve'), 'aa.example.', 'creates', 'may'],
  ];
  for (const [actor, zone, what, expected] of cases) {
    it(`${actor.rank} "${actor.name}" ${what} ${zone}: ${expected}`, () => {
      assert.equal(right(known(), actor, parseName(zone), what === 'creates'), expected);
    });
  }

  it('nothing is known before a list was read', () => {
    const owners = new Owners();
    assert.equal(right(owners, who('alice'), a), 'unread');
    assert.equal(right(owners, who('alice'), parseName('new.example.'), true), 'unread');
    assert.equal(right(owners, who('root', 'administrator'), a), 'may');
    owners.load(new Map([[a, ['alice']]]));
    assert.equal(right(owners, who('alice'), a), 'may');
  });
});

describe('issue 11.1: what may change owners', () => {
  it('a zone is nobody’s from the `before` until a list that proves what came of it', () => {
    const owners = known();
    assert.deepEqual(owners.doubt([a], 'f', 1_000), { owners: new Map([[a, null]]) });
    assert.equal(right(owners, who('alice'), a), 'unknown');
    const list = new Map([[a, ['bob']]]);
    // The list was read too early: the panel function may still have been running when the read began.
    const early = owners.read(new Map([[a, ['alice', 'rick']]]), 2_000, patience);
    assert.equal(early.again, 4_000);
    assert.equal(right(owners, who('alice'), a), 'unknown');
    assert.equal(owners.ended('other', 2_500), false);
    assert.equal(owners.ended('f', 3_000), true);
    const late = owners.read(list, 3_500, patience);
    assert.deepEqual(late, { batch: { owners: new Map([[a, ['bob']]]) }, again: null });
    assert.equal(right(owners, who('alice'), a), 'another');
    assert.equal(right(owners, who('bob'), a), 'may');
  });

  it('without word from the panel the function’s patience has to pass', () => {
    const owners = known();
    owners.doubt([a], 'f', 1_000);
    owners.read(new Map([[a, ['alice']]]), 5_999, patience);
    assert.equal(right(owners, who('alice'), a), 'unknown');
    owners.read(new Map([[a, ['alice']]]), 6_000, patience);
    assert.equal(right(owners, who('alice'), a), 'may');
  });

  it('what the journal is told is what is known, over any doubts', () => {
    const owners = known();
    const journal = new Map<DnsName, readonly string[] | null>([
      [a, ['alice', 'rick']],
      [b, null],
    ]);
    const commit = (batch: ReturnType<Owners['doubt']>): void => {
      for (const [zone, accounts] of batch.owners ?? []) {
        if (accounts === 'gone') journal.delete(zone);
        else journal.set(zone, accounts);
      }
    };
    commit(owners.doubt('all', 'f', 0));
    assert.equal(journal.get(a), null);
    const lists = [new Map([[a, ['alice', 'rick']]]), new Map([[b, ['bob']]])];
    commit(owners.read(lists[0] ?? new Map(), patience, patience).batch);
    assert.deepEqual([...journal], [[a, ['alice', 'rick']]]);
    commit(owners.read(lists[1] ?? new Map(), patience, patience).batch);
    assert.deepEqual([...journal], [[b, ['bob']]]);
  });

  it('accounts: their zones; where none is known, all that the actor may change', () => {
    const owners = known();
    const admin = who('root', 'administrator');
    const of = (actor: Actor, accounts: readonly string[] | null, zones: readonly DnsName[] = []): unknown =>
      owners.concernedBy({ actor, accounts, zones, fingerprint: '' });
    assert.deepEqual(of(admin, ['alice']), [a]);
    assert.deepEqual(of(admin, ['17']), 'all');
    assert.deepEqual(of(who('rick', 'reseller'), ['17']), [a, b]);
    assert.deepEqual(of(who('ron', 'reseller'), ['17']), [b]);
    assert.deepEqual(of(who('ron', 'reseller'), ['alice']), []);
    assert.deepEqual(of(who('eve'), null, [a, b]), [b]);
  });

  it('a kept create is its maker’s until the list is read; never over a known owner', () => {
    const owners = known();
    const fresh = parseName('new.example.');
    assert.deepEqual(owners.created(fresh, who('eve'), 0), { owners: new Map([[fresh, ['eve']]]) });
    assert.equal(right(owners, who('eve'), fresh), 'may');
    assert.deepEqual(owners.created(a, who('eve'), 0), {});
    assert.deepEqual(owners.created(fresh, who('root', 'administrator'), 0), {});
    // An administrator creates zones for any account, so nobody gets a right to names below this one.
    const given = parseName('given.example.');
    assert.deepEqual(owners.created(given, who('root', 'administrator'), 0), {
      owners: new Map([[given, null]]),
    });
    assert.equal(right(owners, who('eve'), parseName('sub.given.example.'), true), 'unknown');
    // A list that names no owner changes nothing. A function that may change the owner makes the owner
    // unknown.
    owners.read(new Map([[fresh, null]]), 1, patience);
    assert.equal(right(owners, who('eve'), fresh), 'may');
    owners.doubt([fresh], 'f', 2);
    owners.read(new Map([[fresh, null]]), 2 + patience, patience);
    assert.equal(right(owners, who('eve'), fresh), 'unknown');
  });

  it('a zone that was deleted is nobody’s until a later list', () => {
    const owners = known();
    owners.doubt([a], 'delete', 10);
    // The panel takes longer for the delete than the engine waits. A list that was read during the delete
    // still shows the zone.
    owners.read(new Map([[a, ['alice']]]), 10 + patience, patience);
    assert.equal(right(owners, who('alice'), a), 'may');
    assert.deepEqual(owners.deleted(a, 'delete', 20 + patience), { owners: new Map([[a, null]]) });
    assert.equal(right(owners, who('alice'), a), 'unknown');
    owners.read(new Map([[a, ['alice']]]), 19 + patience, patience);
    assert.equal(right(owners, who('alice'), a), 'unknown');
    owners.read(new Map([[a, ['eve']]]), 20 + patience, patience);
    assert.equal(right(owners, who('eve'), a), 'may');
  });

  it('a list whose reading began before a create was kept proves nothing of that zone', () => {
    const owners = known();
    owners.doubt([a], 'delete', 10);
    owners.ended('delete', 20);
    owners.created(a, who('eve'), 30);
    const fresh = parseName('new.example.');
    owners.created(fresh, who('eve'), 30);
    // Alice's zone was deleted and created again by Eve. This list was read before that, and it lacks
    // `new.example`.
    const { again } = owners.read(new Map([[a, ['alice']]]), 5, patience);
    assert.equal(again, 25);
    assert.equal(right(owners, who('alice'), a), 'another');
    assert.equal(right(owners, who('eve'), a), 'may');
    assert.equal(right(owners, who('eve'), fresh), 'may');
    assert.equal(right(owners, who('mallory'), parseName('sub.new.example.'), true), 'another');
    owners.read(new Map([[a, ['alice']]]), 31, patience);
    assert.equal(right(owners, who('alice'), a), 'may');
  });

  it('after a time in which the panel was not heard nothing counts before the next list', () => {
    const owners = known();
    assert.deepEqual(owners.forget(1_000), {
      owners: new Map([
        [a, null],
        [b, null],
      ]),
    });
    assert.equal(right(owners, who('alice'), a), 'unread');
    assert.deepEqual(owners.read(new Map([[a, ['alice']]]), 999, patience), { batch: {}, again: 0 });
    assert.equal(right(owners, who('alice'), a), 'unread');
    owners.read(new Map([[a, ['alice']]]), 1_000, patience);
    assert.equal(right(owners, who('alice'), a), 'may');
  });

  it('a storm about one zone says nothing of another', () => {
    const owners = known();
    for (let at = 0; at <= 150; at += 1) owners.doubt([b], `f${at}`, at);
    assert.equal(right(owners, who('alice'), a), 'may');
  });
});
