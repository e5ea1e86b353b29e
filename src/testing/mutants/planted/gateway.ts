import type { PlantedBug } from './bug.ts';

const work = 'src/gateway/work';
const storage = 'src/gateway/storage';
const drift = 'src/gateway/drift';

/** Bugs planted in the gateway. Its own histories have to find them. */
export const plantedInGateway: readonly PlantedBug[] = [
  {
    name: 'key-not-looked-up-in-the-turn',
    file: `${work}/gateway.ts`,
    find: `const earlier = await this.#parts.storage.change(caller.token.id, request.key);
      if (earlier !== null) return sameRequest(earlier, zone, fingerprint);`,
    replace: '',
    says: 'A change that is sent again is judged anew, by what it has itself written.',
  },
  {
    name: 'withdrawal-not-stored',
    file: `${work}/end-key.ts`,
    find: `const isStored =
    lease === null
      ? (await storage.withdrawKey(none, audit)) === 'stored'
      : acceptedBefore(await storage.acceptChange(none, audit, lease)) === null;
  if (!isStored) return null;
  if (!(await storage.endChange(none, outcome, audit, lease))) throw leaseLost();`,
    replace: `if ((await storage.change(caller.token.id, key)) !== null) return null;`,
    says: 'A withdrawn change that arrives later is carried out.',
  },
  {
    name: 'time-not-looked-at-before-a-write',
    file: `${work}/gateway.ts`,
    find: `demandTime();
      return { kind: 'done',`,
    replace: `return { kind: 'done',`,
    says: 'A request that has slept beyond its time still writes.',
  },
  {
    name: 'token-of-before-the-wait',
    file: `${work}/gateway.ts`,
    find: `const caller = await readAgain(storage, sender, wall());`,
    replace: `const caller = sender;`,
    says: 'A token that was revoked during the wait still creates zones.',
  },
  {
    name: 'owner-of-before-the-read',
    file: `${work}/gateway.ts`,
    find: `await this.#demandStill(caller, zone);
    const asked = auditOf(caller, 'change.accepted'`,
    replace: `const asked = auditOf(caller, 'change.accepted'`,
    says: 'A change is written although its zone was given away while the name server was asked.',
  },
  {
    name: 'shown-after-the-zone-has-gone',
    file: `${work}/gateway.ts`,
    find: `// The zone may have changed hands while the name server was asked.
    await this.#demandOwn(caller, zone);`,
    replace: '',
    says: 'A read shows a zone that was given away while the name server was asked.',
  },
  {
    name: 'everything-shown',
    file: `${work}/gateway.ts`,
    find: `return found.filter((record) => mayRead(caller.token.rights, zone, record));`,
    replace: `return found;`,
    says: 'A read shows records that the token may not read.',
  },
  {
    name: 'expectation-not-looked-at',
    file: `${work}/gateway.ts`,
    find: `if (expect !== null) await demandAsExpected(`,
    replace: `if (expect !== null && expect.records.length > 99) await demandAsExpected(`,
    says: 'A change is written whatever its client expects.',
  },
  {
    name: 'done-without-a-lease',
    file: `${work}/gateway.ts`,
    find: `if (!(await afterWrite(storage.endChange(change, outcome, audit, lease)))) throw leaseLost();`,
    replace: `await afterWrite(storage.endChange(change, outcome, audit, lease));`,
    says: 'A gateway that has lost its lease says done.',
  },
  {
    name: 'claim-not-dropped',
    file: `${work}/gateway.ts`,
    find: `await this.#parts.storage.dropClaim(zone, caller.customer.id, audit, lease);`,
    replace: '',
    says: 'After a refused create the name stays claimed.',
  },
  {
    name: 'claim-dropped-in-doubt',
    file: `${work}/gateway.ts`,
    find: `if ((error instanceof CentralError || error instanceof ApiRefusal) && error.state === 'untouched')
          await`,
    replace: `if (error instanceof CentralError || error instanceof ApiRefusal) await`,
    says: 'A claim is dropped although the zone may have been made.',
  },
  {
    name: 'precondition-not-looked-at',
    file: `${work}/rrset.ts`,
    find: `demandMatch(precondition, there);`,
    replace: '',
    says: 'An RRset is written whatever tag its client has.',
  },
  {
    name: 'open-change-told-as-it-is',
    file: `${work}/stored-change.ts`,
    find: `return earlier.outcome === null ? { ...earlier, outcome: { kind: 'interrupted' } } : earlier;`,
    replace: `return earlier;`,
    says: 'A change that was broken off is answered without an outcome.',
  },
  {
    name: 'untouched-after-a-write',
    file: `${work}/write-refusals.ts`,
    find: `const facts = { params: { text: error.code }, state: 'unknown'`,
    replace: `const facts = { params: { text: error.code }, state: 'untouched'`,
    says: 'If the outcome cannot be stored, the client hears that nothing was changed.',
  },
  {
    name: 'settled-the-wrong-way',
    file: `${work}/settle-claims.ts`,
    find: `if (state === 'whole') await`,
    replace: `if (state !== 'whole') await`,
    says: 'A gateway that starts gives away the zones whose create was broken off.',
  },
  {
    name: 'interrupted-changes-left-open',
    file: 'src/gateway/upkeep.ts',
    find: `of await storage.interruptChanges())`,
    replace: `of (await storage.pendingClaims()).slice(99).map(({ zone }) => ({ zone, key: '' })))`,
    says: 'What a killed gateway has left open is never ended.',
  },
  {
    name: 'lease-shorter-than-a-request',
    file: `${work}/zone-turns.ts`,
    find: `return 2 * timeout + 2_000;`,
    replace: `return timeout / 40;`,
    says: 'Another gateway takes a zone while a request still writes to it.',
  },
  {
    name: 'lease-taken-from-its-holder',
    file: `${storage}/postgres-leases.ts`,
    find: 'WHERE lease.until <= ${clock}\n        RETURNING fence',
    replace: 'RETURNING fence',
    says: 'A gateway takes a zone that another one holds.',
  },
  {
    name: 'lease-not-compared',
    file: `${storage}/postgres-leases.ts`,
    find: `'SELECT 1 FROM lease WHERE zone = ? AND owner = ? AND fence = ? FOR UPDATE'`,
    replace: `'SELECT 1 FROM lease WHERE (zone = ? OR owner = ?) AND fence >= ? FOR UPDATE'`,
    says: 'A gateway that has lost its lease goes on as if it had it.',
  },
  {
    name: 'lease-of-another-ended',
    file: `${storage}/postgres-leases.ts`,
    find: `'UPDATE lease SET until = 0 WHERE zone = ? AND owner = ? AND fence = ?'`,
    replace: `'UPDATE lease SET until = 0 WHERE zone = ? AND (owner = ? OR fence > ?)'`,
    says: 'A gateway that comes back too late ends the lease of the next one.',
  },
  {
    name: 'accepted-without-a-lease',
    file: `${storage}/sql-storage.ts`,
    find: `await tx.demandHeld(lease);
      const other = await addChange(tx, change);`,
    replace: `const other = await addChange(tx, change);`,
    says: 'A gateway that has lost its lease accepts changes.',
  },
  {
    name: 'reserved-name-given-away',
    file: `${storage}/sql-zones.ts`,
    find: `now.customer !== customer && isHeld(now, since)) return`,
    replace: `now.customer !== customer && now.leftAt === null) return`,
    says: 'A name that was just deleted goes to whoever asks first.',
  },
  {
    name: 'zones-below-not-looked-at',
    file: `${storage}/sql-zones.ts`,
    find: `(await foreignAbove(tx, zone, customer, since)) ?? (await foreignBelow(tx, zone, customer, since));`,
    replace: `await foreignAbove(tx, zone, customer, since);`,
    says: 'A customer creates a zone above that of another one.',
  },
  {
    name: 'zones-above-not-looked-at',
    file: `${storage}/sql-zones.ts`,
    find: `(await foreignAbove(tx, zone, customer, since)) ?? (await foreignBelow(tx, zone, customer, since));`,
    replace: `await foreignBelow(tx, zone, customer, since);`,
    says: 'A customer creates a zone below that of another one.',
  },
  {
    name: 'audit-out-of-order',
    file: `${storage}/audited-database.ts`,
    find: `const { hash: before } = await this.head(tx);`,
    replace: `const { hash: before } = (await tx.get('SELECT number, hash FROM audit ORDER BY number LIMIT 1')) === undefined ? await this.head(tx) : { hash: '0'.repeat(64) };`,
    says: 'An entry of the audit does not cover the one before it.',
  },
  {
    name: 'done-without-a-write',
    file: `${work}/gateway.ts`,
    find: `return { kind: 'done', ...(await backend.apply({ zone, remove, add }, present, ctx)) };`,
    replace: `return { kind: 'done', removed: [], added: [] };`,
    says: 'A change is answered done, with nothing to do, and is not sent.',
  },
  {
    name: 'removals-left-out',
    file: `${work}/gateway.ts`,
    find: `await backend.apply({ zone, remove, add }, present, ctx)`,
    replace: `await backend.apply({ zone, remove: [], add }, present, ctx)`,
    says: 'Of a change only what it adds is written.',
  },
  {
    name: 'one-record-of-an-rrset',
    file: `${work}/rrset.ts`,
    find: `const add = [...wanted.values()].filter((record) => !isSame(record));`,
    replace: `const add = [...wanted.values()].filter((record) => !isSame(record)).slice(0, 1);`,
    says: 'Of an RRset with several new records only the first one is written.',
  },
  {
    name: 'delete-not-sent',
    file: `${work}/gateway.ts`,
    find: `const result = await backend.deleteZone(zone, ctx);`,
    replace: `const result = 'deleted';`,
    says: 'A zone is answered deleted, and stays at the name server.',
  },
  {
    name: 'create-without-its-content',
    file: `${work}/gateway.ts`,
    find: `await backend.createZone(zone, seed, ctx, content)`,
    replace: `await backend.createZone(zone, seed, ctx, [])`,
    says: 'A new zone lacks the records that its customer wants at once.',
  },
  {
    name: 'record-left-out-of-a-read',
    file: `${work}/gateway.ts`,
    find: `return found.filter((record) => mayRead(caller.token.rights, zone, record));`,
    replace: `return found.filter((record) => mayRead(caller.token.rights, zone, record)).slice(1);`,
    says: 'A read leaves out a record.',
  },
  {
    name: 'zone-left-out-of-the-list',
    file: `${work}/gateway.ts`,
    find: `return visible.map(({ zone }) => zone).filter((zone) => there.has(zone));`,
    replace: `return visible.map(({ zone }) => zone).filter((zone) => there.has(zone)).slice(1);`,
    says: 'The list of zones lacks one that the customer has.',
  },
  {
    name: 'drift-not-compared',
    file: `${drift}/checker.ts`,
    find: `return [...replayed.differences, ...compare(replayed.snapshot, texts)];`,
    replace: `return replayed.differences;`,
    says: 'What somebody else has written is taken for what the gateway left.',
  },
  {
    name: 'drift-told-again',
    file: `${drift}/checker.ts`,
    find: `const read = { snapshot: await snapshotOf(texts), serial, readAt, contained: 'all', state } as const;`,
    replace: `const read = { snapshot: known.snapshot ?? (await snapshotOf(texts)), serial, readAt, contained: [], state } as const;`,
    says: 'What somebody else has written is told with each comparison.',
  },
  {
    name: 'own-writes-are-drift',
    file: `${drift}/replay.ts`,
    find: `else rrsets.set(id, left);`,
    replace: '',
    says: 'What the gateway has written is told as somebody else’s.',
  },
];
