import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSameHash, makeToken, readToken, tokenPattern } from './token.ts';

test('a token that is made is read again, by its id and its hash', () => {
  const made = Array.from({ length: 200 }, () => makeToken());
  for (const { id, text, hash } of made) {
    assert.match(text, /^dsg_[0-9A-Za-z]{8}_[0-9A-Za-z]{36}$/);
    assert.equal(text.slice(4, 12), id);
    assert.equal(hash, createHash('sha256').update(text).digest('hex'));
    assert.deepEqual(readToken(text), { id, hash });
  }
  assert.equal(new Set(made.map(({ id }) => id)).size, made.length);
  assert.equal(new Set(made.map(({ text }) => text)).size, made.length);
});

test('a fixed token: the form does not change', () => {
  const text = 'dsg_AbCd1234_abcdefghijklmnopqrstuvwxyz01231A7qrg';
  assert.equal(readToken(text)?.id, 'AbCd1234');
});

test('every digit is as likely as the others', () => {
  const counts = new Map<string, number>();
  const tokens = 4_000;
  for (let at = 0; at < tokens; at += 1)
    for (const digit of makeToken().text.slice(13, 43)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  assert.equal(counts.size, 62);
  // 120,000 draws of 62 digits: 1,935 each, standard deviation 44. Octets modulo 62 would give eight digits
  // a quarter more.
  for (const [digit, count] of counts) assert.ok(Math.abs(count - 1_935) < 7 * 44, `${digit}: ${count}`);
});

test('one changed character is not a token', () => {
  const { text } = makeToken();
  for (let at = 0; at < text.length; at += 1) {
    for (const other of ['0', 'Z', '_', ' ', '\n', '٣']) {
      if (text[at] === other) continue;
      assert.equal(readToken(text.slice(0, at) + other + text.slice(at + 1)), null, `${at} ${other}`);
    }
  }
});

test('what is no token is none', () => {
  const { text } = makeToken();
  const others = ['', 'dsg_', text.slice(1), `${text}0`, ` ${text}`, `${text}\n`, text.toUpperCase()];
  for (const other of [...others, 'x'.repeat(10_000_000)]) assert.equal(readToken(other), null);
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (other) => {
      assert.equal(readToken(other), null);
      assert.equal(readToken(`dsg_${other}`), null);
    }),
  );
});

test('scanners find a token in a log, a URL and a file', () => {
  const { text } = makeToken();
  for (const around of [
    `GET /dnsmgr?authinfo=user%3A${text}&func=domain`,
    `X-API-Key: ${text}\r\n`,
    `token="${text}"`,
  ])
    assert.equal(tokenPattern.exec(around)?.[0], text);
});

test('hashes are compared as texts of any length', () => {
  const { hash } = makeToken();
  assert.ok(isSameHash(hash, hash));
  for (const other of ['', hash.slice(1), `${hash}0`, makeToken().hash]) assert.ok(!isSameHash(hash, other));
});
