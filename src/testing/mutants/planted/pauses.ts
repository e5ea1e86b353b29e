import { engine, type PlantedBug } from './bug.ts';

/** Planted bugs in the engine's behaviour during a pause and at its end. */
export const plantedInPauses: readonly PlantedBug[] = [
  {
    name: 'comparison-goes-on-in-pause',
    file: `${engine}/comparison/compare.ts`,
    find: `  if (!runtime.isPaused) return false;`,
    replace: `  if (!runtime.isPaused || zone !== '') return false;`,
    says: 'A comparison that runs when a pause begins writes what it has found.',
  },
  {
    name: 'zone-made-in-pause',
    file: `${engine}/background/unsent.ts`,
    find: `state !== 'kept' || actor !== '') return false;`,
    replace: `state !== 'kept' || actor !== 'nobody') return false;`,
    says: 'A zone that a comparison wants made is made in a pause.',
  },
  {
    name: 'held-comparison-forgotten',
    file: `${engine}/parts/agenda.ts`,
    find: `    this.#held.add(zone);`,
    replace: ``,
    says: 'A comparison that came due in a pause is not made after it.',
  },
  {
    name: 'comparison-of-before-follows-nothing',
    file: `${engine}/parts/agenda.ts`,
    find: `    return followings === this.#followings ? request : mayFollow(request);`,
    replace: `    return followings <= this.#followings ? request : mayFollow(request);`,
    says: 'A comparison that began before a pause lists what was removed in it as conflicts.',
  },
  {
    name: 'late-reads-after-pause-believed',
    file: `${engine}/comparison/compare-all.ts`,
    find: `if (await timers.pause(ports.settings.readLag)) await`,
    replace: `if (reason === '') await`,
    says: 'After a pause everything is compared once, when reads may still lag behind the panel.',
  },
  {
    name: 'pause-over-before-its-end-is-taken',
    file: 'src/app/pause-watch.ts',
    find: `return end === null ? this.#was || this.#isFlagged : `,
    replace: `return end === null ? false : `,
    says: 'Comparisons go on before the one that follows a pause is asked for.',
  },
  {
    name: 'ran-out-pause-over-before-its-end-is-taken',
    file: 'src/app/pause-watch.ts',
    find: `: end !== this.#ranOutAt && this.#isNew;`,
    replace: `: false;`,
    says: 'Comparisons go on before the one that follows a pause which ran out is asked for.',
  },
  {
    name: 'removed-pause-unnoticed',
    file: 'src/app/pause-watch.ts',
    find: `    const isOver = (ranOut && this.#isNew) || isRemoved || (end === null && this.#isFlagged);`,
    replace: `    const isOver = (ranOut && this.#isNew) || (isRemoved && end !== null);`,
    says: 'A pause that does not run out has no end, so that nothing follows it.',
  },
  {
    name: 'pause-settled-at-once',
    file: 'src/app/pause-watch.ts',
    find: `    this.#files.takeFlag();`,
    replace: `    this.#files.takeFlag();
    this.#files.removeFollowing();`,
    says: 'An agent that is killed right after a pause is not followed by one that makes the comparison again.',
  },
  {
    name: 'paused-edit-without-person',
    file: 'src/agent/decisions.ts',
    find: `      actor: plainText(actor.name).slice(0, 255),`,
    replace: `      actor: '',`,
    says: 'The history does not say who made an edit in a pause.',
  },
  {
    name: 'paused-edit-told-as-done',
    file: 'src/agent/decisions.ts',
    find: `  const outcome = why === observing ? 'observed' : 'panel-only';`,
    replace: `  const outcome = why !== 'note.conflict' ? 'observed' : 'panel-only';`,
    says: 'The history does not say that an edit of a pause is in the panel only.',
  },
];
