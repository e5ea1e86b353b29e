import { engine, type PlantedBug } from './bug.ts';

/** Planted bugs in the engine's parts: locks, turns, starts, rights, several centrals, the journal. */
export const plantedInRunning: readonly PlantedBug[] = [
  {
    name: 'locks-off',
    file: `${engine}/parts/locks.ts`,
    find: `if (a.zone !== b.zone) return false;`,
    replace: `if (a !== b) return false;`,
    says: 'No lock excludes another.',
  },
  {
    name: 'whole-zone-lock-off',
    file: `${engine}/parts/locks.ts`,
    find: `if (a.names === null || b.names === null) return true;`,
    replace: `if (a.names === null || b.names === null) return a.names === b.names;`,
    says: 'The lock of a zone does not exclude its names.',
  },
  {
    name: 'lock-kept-after-timeout',
    file: `${engine}/parts/locks.ts`,
    find: `if (at >= 0) this.#waiting.splice(at, 1);`,
    replace: ``,
    says: 'Whoever gave up waiting for a lock gets it later and keeps it.',
  },
  {
    name: 'no-exclusivity',
    file: `${engine}/parts/store.ts`,
    find: `const mine = this.#turn.then(() => this.#begin(body));`,
    replace: `const mine = this.#begin(body);`,
    says: 'Read-change-write steps on the journal overlap.',
  },
  {
    name: 'no-grace-after-clock-step',
    file: `${engine}/parts/grace.ts`,
    find: '    this.#until = this.#clock.now() + this.#settings.grace;\n  }\n\n  /**\n',
    replace: '  }\n\n  /**\n',
    says: 'After a step of the clock an undo is decided at once.',
  },
  {
    name: 'comparison-forgotten',
    file: `${engine}/parts/agenda.ts`,
    find: `    this.#wake(this.#shops.comparison, zone, delay ?? soon, request.lane ?? '');`,
    replace: `    if (delay !== undefined) this.#wake(this.#shops.comparison, zone, delay, '');`,
    says: 'A comparison that is due does not begin.',
  },
  {
    name: 'handlers-not-waited-for',
    file: `${engine}/parts/gate.ts`,
    find: `const own: QuietRead = { zone, disturbed: isEdited };`,
    replace: `const own: QuietRead = { zone, disturbed: false };`,
    says: 'A read that begins during a call counts as quiet.',
  },
  {
    name: 'no-grace-after-start',
    file: `${engine}/parts/grace.ts`,
    find: '    this.#until = this.#clock.now() + this.#settings.grace;\n  }\n\n  /** The end',
    replace: '  }\n\n  /** The end',
    says: 'Right after a start an undo is decided.',
  },
  {
    name: 'open-operations-forgotten',
    file: `${engine}/engine.ts`,
    find: `      this.#runtime.agenda.wake(operation.zone, 0);
    }`,
    replace: `    }`,
    says: 'A start does not take up what was left open.',
  },
  {
    name: 'dead-requests-not-watched',
    file: `${engine}/engine.ts`,
    find: `      if (mayHaveWritten.has(operation.state))
        await keepWatching(this.#runtime, operation, anyRequest(operation));`,
    replace: ``,
    says: 'Requests of a killed agent that may still land are not watched.',
  },
  {
    name: 'own-writes-answered',
    file: `${engine}/engine.ts`,
    find: `return echo !== null && this.#runtime.echoTokens.has(echo);`,
    replace: `return echo === '';`,
    says: 'Our own write into the panel is taken for an edit.',
  },
  {
    name: 'refused-edit-accepted',
    file: `${engine}/engine.ts`,
    find: `else if (edit.stage === 'before') return await this.#withEarlier(answer, begun);`,
    replace: `else if (edit.stage === 'before' && signal.aborted) return await this.#withEarlier(answer, begun);
      else if (edit.stage === 'before') continue;`,
    says: 'A refused edit is accepted.',
  },
  {
    name: 'no-hourly-comparison',
    file: `${engine}/engine.ts`,
    find: `failed = !(await this.#compareAll.everything('periodic'));`,
    replace: ``,
    says: 'The hourly comparison does not take place.',
  },
  {
    name: 'zone-worked-on-twice',
    file: `${engine}/parts/agenda.ts`,
    find: `!this.#isRunning(zone) &&`,
    replace: ``,
    says: 'Two background steps work on one zone.',
  },
  {
    name: 'earlier-alarm-ignored',
    file: `${engine}/parts/agenda.ts`,
    find: `if (existing !== undefined && existing.at <= at) {`,
    replace: `if (existing !== undefined) {`,
    says: 'A zone that sleeps cannot be woken earlier.',
  },
  {
    name: 'everybody-may',
    file: `${engine}/owners/owners.ts`,
    find: `return accounts.includes(name) ? 'may' : 'another';`,
    replace: `return 'may';`,
    says: 'Anybody may edit any zone.',
  },
  {
    name: 'unknown-owner-may',
    file: `${engine}/owners/owners.ts`,
    find: `if (accounts === null) return 'unknown';`,
    replace: `if (accounts === null) return 'may';`,
    says: 'Where nobody knows whose a zone is, anybody may edit it.',
  },
  {
    name: 'owners-not-read',
    file: `${engine}/owners/owners.ts`,
    find: `this.#accounts.set(zone, told ?? shown);`,
    replace: ``,
    says: 'What the list tells of owners is not taken.',
  },
  {
    name: 'left-to-the-panel-done-at-once',
    file: `${engine}/after/after.ts`,
    find: `if (match === null && right !== 'may') {`,
    replace: `if (match === null && right === 'nobody') {`,
    says: 'The after of somebody without a right is done without a look at the panel.',
  },
  {
    name: 'no-roll-back-at-other-centrals',
    file: 'src/core/several.ts',
    find: `await engine.rollBack(ids, problems)),`,
    replace: `(ids === null ? await engine.rollBack(ids, problems) : 'nothing')),`,
    says: 'What the second central refuses stays at the first.',
  },
  {
    name: 'roll-back-always-proved',
    file: 'src/core/several.ts',
    find: `changed: proved ? 'nothing' : 'unknown' };`,
    replace: `changed: proved || left.length > 0 ? 'nothing' : 'unknown' };`,
    says: 'A refusal of the second central says that nothing was changed, whatever the roll back did.',
  },
  {
    name: 'after-for-the-first-only',
    file: 'src/core/several.ts',
    find: `    const verdicts = await Promise.all(
      this.#members.map(`,
    replace: `    const verdicts = await Promise.all(
      this.#members.slice(0, 1).map(`,
    says: 'The second central does not hear that the panel kept an edit.',
  },
  {
    name: 'second-central-not-asked',
    file: 'src/core/several.ts',
    find: `for (const member of this.#members) {
      const answer`,
    replace: `for (const member of this.#members.slice(0, 1)) {
      const answer`,
    says: 'An edit is written at the first central only.',
  },
  {
    name: 'watch-not-remembered',
    file: 'src/core/operation.ts',
    find: `return !isFinal(state) || (watch !== null && watch.until > wall);`,
    replace: `return !isFinal(state);`,
    says: 'The journal forgets that an ended operation is on watch.',
  },
  {
    name: 'dropped-zone-keeps-rows',
    file: 'src/testing/memory-journal.ts',
    find: `      this.#rows.delete(zone);`,
    replace: ``,
    says: 'The rows of a zone that was dropped stay in the ledger.',
  },
  {
    name: 'dropped-rows-stay',
    file: 'src/testing/memory-journal.ts',
    find: `    for (const record of drop) rows.delete(recordId(record));
`,
    replace: ``,
    says: 'A row that is dropped stays in the ledger.',
  },
];
