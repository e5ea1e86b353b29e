import assert from 'node:assert/strict';
import { describe as suite, it } from 'node:test';
import { CentralError } from './central.ts';
import { describe } from './describe.ts';
import { plainText, safeJson, terminalText } from './plain-text.ts';

/**
 * Characters that a terminal or page acts on instead of showing them: ESC, BEL, C1, direction marks,
 * invisible letters, half a surrogate pair.
 */
export const nasty =
  'a\u001b[2Jb\u0007\u009b31mc\u202ed\u2066e\u200ff\u2028g\u{e0041}h\ud800i\r\nj\tk\u00ad\u007f\u0000';

suite('issue 11.6: texts from outside', () => {
  it('are one line of words', () => {
    assert.equal(plainText(nasty), 'a [2Jb 31mcdef ghi j k ');
    assert.equal(plainText('зона\n«x»  — ä 中'), 'зона «x»  — ä 中');
  });

  it('are shown on a terminal, not obeyed', () => {
    const shown = terminalText(nasty);
    assert.match(shown, /^a\\u\{1b\}\[2Jb\\u\{7\}\\u\{9b\}31mc\\u\{202e\}d/u);
    assert.doesNotMatch(shown.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    assert.equal(terminalText('зона\n«x»'), 'зона\n«x»');
  });

  it('mean the same in JSON', () => {
    const value = { [nasty]: [nasty, 'зона', 1] };
    for (const indent of [undefined, 2]) {
      const json = safeJson(value, indent);
      assert.doesNotMatch(json.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      assert.deepEqual(JSON.parse(json), value);
    }
  });

  it('are clean in every error of a central, and in every sentence made of a problem', () => {
    const { message, params, problem } = new CentralError('central.refused', {
      state: 'untouched',
      retry: 'never',
      params: { text: nasty },
    });
    assert.deepEqual(params, { text: plainText(nasty) });
    assert.equal(message, `central.refused: ${plainText(nasty)}`);
    const old = { code: problem.code, params: { text: nasty } };
    const unknown = { code: 'nobody.knows', params: { text: nasty } };
    for (const language of ['en', 'ru'] as const) {
      const options = { language, changed: 'nothing', contact: nasty, details: true } as const;
      assert.doesNotMatch(describe([problem, old, unknown], options), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }
  });
});
