import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Anonymiser } from './anonymiser.ts';

const source = join(import.meta.dirname, '../..');

/** The quoted texts in the sources, without the values that are filled in later. */
function textsIn(path: string): readonly string[] {
  const code = readFileSync(path, 'utf8')
    .replaceAll(/\/\*.*?\*\//gsu, '')
    .replaceAll(/^\s*(?:\/\/.*|import [^;]*;)$/gmu, '');
  const quoted = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/gsu;
  return [...code.matchAll(quoted)].map(([, one = '', two = '', three = '']) =>
    `${one}${two}${three}`.replaceAll(/\$\{[^}]*\}/gu, ' '),
  );
}

test('issue 16, report: every word of the doctor may be shown in a report without names', () => {
  const paths = globSync(['app/doctor/*.ts', 'app/check/*.ts', 'centrals/*/module.ts'], { cwd: source });
  const texts = paths
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => textsIn(join(source, path)));
  assert.ok(texts.length > 300, String(texts.length));
  const names = new Anonymiser();
  const lost = texts
    .flatMap((text) => text.split(/[^\p{L}\p{N}_.-]+/u))
    .map((token) => token.replaceAll(/^\.+|\.+$/gu, ''))
    .filter((token) => /^[a-z.]+$/iu.test(token) && names.text(token) !== token);
  assert.deepEqual([...new Set(lost)], []);
});
