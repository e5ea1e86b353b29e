/** Decoders with planted faults. The tests check that the fuzzer finds each of them. */
import assert from 'node:assert/strict';
import { defineTarget, type Target } from './target.ts';

const samples = ['name=value&other=1', 'a=b;c=d'];
const facts = { shape: 'text', samples, words: ['=', '&', ';', '%'], refusals: [SyntaxError] } as const;

/** Keeps every decoded value, so that the memory of the values is never freed. */
function pairsOf(text: string): readonly (readonly string[])[] {
  if (text.includes('%%')) throw new SyntaxError('no pair');
  return text.split('&').map((pair) => pair.split('='));
}

/** For each kind of finding, a decoder with this fault and no other. */
export const plantedTargets: Readonly<Record<string, Target>> = {
  none: defineTarget({ ...facts, name: 'sound', decode: pairsOf }),
  exception: defineTarget({
    ...facts,
    name: 'throws',
    decode: (text) => {
      if (text.includes(';=')) throw new TypeError('planted');
      return pairsOf(text);
    },
  }),
  unequal: defineTarget({
    ...facts,
    name: 'loses',
    decode: pairsOf,
    // If a pair contains a second separator, the text after it is lost.
    check: (pairs, text) =>
      assert.equal(
        pairs.map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join('&'),
        text,
      ),
  }),
  slow: defineTarget({
    ...facts,
    name: 'quadratic',
    decode: (text) => {
      let found = 0;
      for (let at = 0; at < text.length; at += 1) found += text.slice(at).split('&').length;
      return found;
    },
  }),
  memory: defineTarget({
    ...facts,
    name: 'keeps',
    decode: (text) => Array.from({ length: 400 * (text.length + 1_000) }, (_, at) => at + text.length),
  }),
  hang: defineTarget({
    ...facts,
    name: 'hangs',
    decode: (text) => {
      for (let at = 0; at < text.length; at = text.indexOf('=', at) + 1)
        if (text.startsWith('=', at)) at += 2;
      return text;
    },
  }),
};

/** All planted targets, under the name by which a fuzzing thread loads them. */
export const fuzzTargets: readonly Target[] = Object.values(plantedTargets);
