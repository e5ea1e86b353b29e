import { playInput, type Finding } from './play.ts';
import type { Target } from './target.ts';

/** Most attempts to make an input shorter. */
const mostAttempts = 2_000;

/**
 * Shortens the input of a finding as long as the decoder still makes the same mistake. An input that hangs or
 * takes too much time or memory stays as it is.
 */
export async function shortened(targets: readonly Target[], finding: Finding): Promise<Finding> {
  const target = targets.find(({ name }) => name === finding.target);
  if (target === undefined || (finding.kind !== 'exception' && finding.kind !== 'unequal')) return finding;
  let best = finding;
  let attempts = 0;
  for (let size = Math.ceil(best.input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.input.length && attempts < mostAttempts; attempts += 1) {
      const input = best.input.slice(0, at) + best.input.slice(at + size);
      const played = await playInput(target, input);
      if (isSame(played, best)) best = played;
      else at += size;
    }
  }
  return best;
}

function isSame(played: Finding | string, { kind, text }: Finding): played is Finding {
  if (typeof played === 'string' || played.kind !== kind) return false;
  // The first line of the text names the error, so only this line has to stay the same.
  return kind === 'unequal' || played.text.split('\n')[0] === text.split('\n')[0];
}
