import type { Dice } from './dice.ts';

/** Values that another program may write into JSON. */
const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  -0,
  2 ** 53,
  '',
  ' ',
  '.',
  'x',
  'example.org.',
  '\0',
  '\ud800',
  '__proto__',
  'constructor',
  [],
  {},
  [[]],
  [null],
  { __proto__: null },
  { toString: 1 },
];

const oddKeys = ['__proto__', 'constructor', 'toString', 'length', '', 'x', 'then'];

/** A place in a JSON value: the list or object that holds a value, and its index or name there. */
interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/**
 * Changes a JSON text in one or a few places. Values are replaced, removed, doubled or moved, and texts
 * inside are changed. A text that is not JSON is changed as plain text.
 * @param changeText changes one text inside the value
 */
export function mutateJson(text: string, dice: Dice, changeText: (text: string) => string): string {
  let root: { value: unknown };
  try {
    root = { value: JSON.parse(text) };
  } catch {
    return changeText(text);
  }
  do changeOne(root, dice, changeText);
  while (dice.chance(0.35));
  return JSON.stringify(root.value) ?? 'null';
}

function changeOne(root: { value: unknown }, dice: Dice, changeText: (text: string) => string): void {
  const places = placesIn(root);
  if (places.length === 0) return;
  const { holder, key } = dice.pick(places);
  const value = holder[key];
  if (typeof value === 'string' && dice.chance(0.7)) holder[key] = changeText(value);
  else if (typeof value === 'number' && dice.chance(0.5))
    holder[key] = dice.pick([value + 1, -value, value * 1e6, 0]);
  else dice.pick(changes)(holder, key, dice, places);
}

type Change = (holder: Record<string, unknown>, key: string, dice: Dice, places: readonly Place[]) => void;

const changes: readonly Change[] = [
  (holder, key, dice) => {
    holder[key] = structuredClone(dice.pick(oddValues));
  },
  (holder, key) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  // Replaces the value at this place by a copy of another value.
  (holder, key, dice, places) => {
    const from = dice.pick(places);
    holder[key] = structuredClone(from.holder[from.key]);
  },
  (holder, key) => {
    holder[key] = [holder[key]];
  },
  (holder, key, dice) => {
    holder[key] = { [dice.pick(oddKeys)]: holder[key] };
  },
  (holder, key, dice) => {
    const value = structuredClone(holder[key]);
    if (Array.isArray(holder)) holder.splice(Number(key), 0, value);
    else define(holder, dice.pick(oddKeys), value);
  },
];

/** Sets the field with this name, even if the name is `__proto__`. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A changed JSON value may be large, so at most this many of its places are listed. */
const mostPlaces = 2_000;

function placesIn(root: { value: unknown }): readonly Place[] {
  const places: Place[] = [];
  const open: unknown[] = [root];
  for (let one = open.pop(); one !== undefined && places.length < mostPlaces; one = open.pop()) {
    if (typeof one !== 'object' || one === null) continue;
    const holder = one as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      open.push(holder[key]);
    }
  }
  return places;
}
