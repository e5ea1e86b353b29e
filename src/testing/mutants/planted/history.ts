import { engine, type PlantedBug } from './bug.ts';

/** Planted bugs that make the history show something wrong. */
export const plantedInHistory: readonly PlantedBug[] = [
  {
    name: 'panel-only-called-done',
    file: 'src/core/outcome.ts',
    find: `return mirrored && (note === null || note === 'note.old-gone');`,
    replace: `return mirrored || note !== 'note.kept-otherwise';`,
    says: 'An edit that stayed in the panel is reported as done on both sides.',
  },
  {
    name: 'refused-addition-called-done',
    file: `${engine}/comparison/follow.ts`,
    find: `return code === undefined ? item :`,
    replace: `return code !== 'never' ? item :`,
    says: 'What the central refused to a comparison is reported as done on both sides.',
  },
  {
    name: 'half-kept-edit-called-done',
    file: `${engine}/background/settle.ts`,
    find: `const items = withEndNotes(operation, seen);`,
    replace: `const items = operation.items;`,
    says: 'An edit of which the panel kept a part is reported as done on both sides.',
  },
];
