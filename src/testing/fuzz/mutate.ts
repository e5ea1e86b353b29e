import type { Dice } from './dice.ts';
import { mutateJson } from './mutate-json.ts';
import type { Target } from './target.ts';

/** Length of the longest input that the fuzzer makes, in characters. */
export const mostInput = 100_000;

/** Characters that have a meaning in some grammar, or that a decoder may get wrong. */
const oddCharacters = [
  ...Array.from('\0\t\n\r "\'\\/;:,.=&%+<>()[]{}$#@*!-_|~`^?09azAZ'),
  '\u007f',
  '\u0080',
  '\u00a0',
  'ß',
  'ſ',
  'ä',
  'İ',
  'ı',
  'σ',
  '\u0301',
  '\u200d',
  '\u2028',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udfff',
  '\u{10ffff}',
  '。',
  '中',
];

const oddNumbers = [
  '0',
  '-0',
  '-1',
  '00',
  '1',
  '63',
  '64',
  '127',
  '128',
  '253',
  '255',
  '256',
  '257',
  '65535',
  '65536',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '1e3',
  '1e400',
  'NaN',
  '0x10',
  '1.5',
  '99999999999999999999',
];

/** Makes one input for a target. The same random draws make the same input. */
export function makeInput({ shape, samples, words }: Target, dice: Dice): string {
  const pool = { samples, words };
  const sample = dice.pick(samples);
  if (shape === 'json' && !dice.chance(0.05))
    return mutateJson(sample, dice, (text) => changed(text, pool, 'text', dice)).slice(0, mostInput);
  return changed(sample, pool, shape, dice).slice(0, mostInput);
}

type Pool = Pick<Target, 'samples' | 'words'>;
type Change = (text: string, dice: Dice, pool: Pool) => string;

/** Changes a text in one or a few places. */
function changed(text: string, pool: Pool, shape: Target['shape'], dice: Dice): string {
  const changes = shape === 'octets' ? octetChanges : textChanges;
  let result = text;
  do result = dice.pick(changes)(result, dice, pool);
  while (result.length < mostInput && dice.chance(0.35));
  return result;
}

function splice(text: string, at: number, removed: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at + removed);
}

const insertWord: Change = (text, dice, { words }) =>
  splice(text, dice.below(text.length + 1), 0, dice.pick(words.length === 0 ? oddCharacters : words));

const cutOut: Change = (text, dice) =>
  splice(text, dice.below(text.length + 1), dice.below(dice.pick([2, 8, 64])) + 1, '');

const endEarly: Change = (text, dice) => text.slice(0, dice.below(text.length + 1));

function partOf(text: string, dice: Dice): string {
  const at = dice.below(text.length + 1);
  return text.slice(at, at + 1 + dice.below(dice.pick([4, 32, 256])));
}

const copyPart: Change = (text, dice) => splice(text, dice.below(text.length + 1), 0, partOf(text, dice));

const graft: Change = (text, dice, { samples }) =>
  splice(text, dice.below(text.length + 1), dice.below(16), partOf(dice.pick(samples), dice));

const crossOver: Change = (text, dice, { samples }) => {
  const other = dice.pick(samples);
  return text.slice(0, dice.below(text.length + 1)) + other.slice(dice.below(other.length + 1));
};

/** Repeats a part so often that a decoder with quadratic time or memory exceeds its budget. */
const repeat: Change = (text, dice, { words }) => {
  const unit = words.length > 0 && dice.chance(0.5) ? dice.pick(words) : partOf(text, dice);
  const times = dice.chance(0.03) ? 20_000 / Math.max(1, unit.length) : dice.below(40);
  return splice(text, dice.below(text.length + 1), 0, unit.repeat(times));
};

const putCharacter: Change = (text, dice) =>
  splice(text, dice.below(text.length + 1), dice.below(2), dice.pick(oddCharacters));

/** Splits a text into words, numbers and single separators. */
const pieces = /\d+|[\p{L}_]+|\s+|[^\s\d\p{L}_]/gu;

/** Drops, doubles, swaps or replaces one word or separator of the text. */
const changePiece: Change = (text, dice, { words }) => {
  const found = [...text.slice(0, 20_000).matchAll(pieces)];
  if (found.length === 0) return text;
  const one = dice.pick(found);
  const other = dice.pick(found)[0];
  const isNumber = /^\d/u.test(one[0]);
  const replacements = ['', one[0] + one[0], other, isNumber ? dice.pick(oddNumbers) : other.toUpperCase()];
  const added = words.length > 0 && dice.chance(0.3) ? dice.pick(words) : dice.pick(replacements);
  return splice(text, one.index, one[0].length, added);
};

const swapLines: Change = (text, dice) => {
  const lines = text.split('\n');
  const [from, to] = [dice.below(lines.length), dice.below(lines.length)];
  const [line = ''] = lines.splice(from, 1);
  lines.splice(to, 0, line);
  return lines.join('\n');
};

const textChanges: readonly Change[] = [
  changePiece,
  changePiece,
  changePiece,
  insertWord,
  insertWord,
  putCharacter,
  putCharacter,
  cutOut,
  copyPart,
  graft,
  crossOver,
  repeat,
  swapLines,
  endEarly,
];

const putOctet: Change = (text, dice) =>
  splice(text, dice.below(text.length), 1, String.fromCharCode(dice.below(256)));

const flipBit: Change = (text, dice) => {
  const at = dice.below(text.length);
  return splice(text, at, 1, String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << dice.below(8))));
};

/** Replaces two octets by a number that decoders often read as a length, a count or a pointer. */
const putNumber: Change = (text, dice) => {
  const low = dice.chance(0.5) ? dice.below(64) : dice.pick([0, 1, 255, 254, 0x29, 0xfa, text.length & 255]);
  const high = dice.pick([0, 0, 0, 0xc0, 0xff, 0x3f, text.length >> 8]);
  return splice(text, dice.below(text.length), 2, String.fromCharCode(high & 255, low));
};

/** Changes one of the four counts in the head of a DNS message. */
const putCount: Change = (text, dice) => {
  const at = 4 + 2 * dice.below(4);
  return splice(text, at, 2, String.fromCharCode(dice.chance(0.9) ? 0 : 255, dice.below(5)));
};

const octetChanges: readonly Change[] = [
  putOctet,
  putOctet,
  flipBit,
  flipBit,
  putNumber,
  putNumber,
  putCount,
  insertWord,
  cutOut,
  copyPart,
  graft,
  crossOver,
  repeat,
  endEarly,
];
