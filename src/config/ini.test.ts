import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { changeIni, parseIni } from './ini.ts';

function value(text: string, option = 'password'): string | undefined {
  return parseIni(text).entries.findLast((entry) => entry.option === option)?.value;
}

test('values are raw, as the original read them', () => {
  const cases: [string, string][] = [
    ['password = pa;ss#wo', 'pa;ss#wo'],
    ['password: pa;ss#wo', 'pa;ss#wo'],
    ['password=a=b:c', 'a=b:c'],
    ['password = "quoted"', '"quoted"'],
    ['password = ""', ''],
    ['password = %(x)s 100%', '%(x)s 100%'],
    ['password = secret ; a comment', 'secret'],
    ['password = se;cret ; no comment any more', 'se;cret ; no comment any more'],
    ['password = se # cret', 'se # cret'],
    ['PassWord =   spaces around  ', 'spaces around'],
    ['password = line\n  and more', 'line\nand more'],
    ['password = пароль', 'пароль'],
    ['password =', ''],
  ];
  for (const [text, expected] of cases) assert.equal(value(`[isp_master]\n${text}\n`), expected, text);
});

test('comments, blank lines, BOM and CRLF', () => {
  const text =
    '\ufeff# one\r\n; two\r\nREM three\r\n\r\n[isp_master]\r\nhost = a\r\n# between\r\nusername = b\r\n';
  const { entries, mistakes } = parseIni(text);
  assert.deepEqual(mistakes, []);
  assert.deepEqual(
    entries.map(({ option, value: read, line }) => [option, read, line]),
    [
      ['host', 'a', 6],
      ['username', 'b', 8],
    ],
  );
});

test('every mistake is told with its line', () => {
  const { mistakes } = parseIni('host = early\n[isp_master]\nnonsense\nhost = a\nhost = b\n');
  assert.deepEqual(
    mistakes.map(({ line, kind }) => [line, kind]),
    [
      [1, 'no-section'],
      [3, 'not-an-option'],
      [5, 'duplicate'],
    ],
  );
});

test('issue 19, fuzz: a change keeps the BOM, and takes no second one for it', () => {
  const changed = changeIni('\ufeff[a]\r\nb = 1\r\n', { a: { b: '2' } });
  assert.equal(changed, '\ufeff[a]\r\nb = 2\r\n');
  const doubled = '\ufeff\ufeff[a]\nb = 1\n';
  assert.deepEqual(
    parseIni(changeIni(doubled, { a: { c: '2' } })).entries.map(({ option }) => option),
    ['c'],
  );
});

test('a change keeps comments, order and everything else', () => {
  const before = '# mine\n[isp_master]\nhost = a\n; keep\npassword = old\n  continued\n\n[log]\nlevel = 9\n';
  const after = changeIni(before, { isp_master: { password: 'ne;w#1' }, sync: { grace: '5' } });
  assert.equal(
    after,
    '# mine\n[isp_master]\nhost = a\n; keep\npassword = ne;w#1\n\n[log]\nlevel = 9\n\n[sync]\ngrace = 5\n',
  );
  assert.equal(changeIni(after, { sync: { grace: null } }).includes('grace'), false);
});

test('a value the file cannot hold is refused instead of read back as another', () => {
  for (const bad of [' leading', 'a ; b', 'two\nlines\n\n', '""']) {
    assert.throws(() => changeIni('', { isp_master: { password: bad } }), RangeError, JSON.stringify(bad));
  }
});

test('what was written is what is read, or an error', () => {
  fc.assert(
    fc.property(fc.string(), (password) => {
      let text: string;
      try {
        text = changeIni('[isp_master]\nhost = a\n', { isp_master: { password } });
      } catch (error) {
        assert.ok(error instanceof RangeError);
        return;
      }
      assert.equal(value(text), password);
      assert.equal(value(text, 'host'), 'a');
    }),
  );
});

const python = spawnSync('python3', ['--version']).status === 0;

test(
  "agrees with Python's parser where the two generations do not differ",
  { skip: !python && 'python3 is not installed' },
  () => {
    const text =
      '[isp_master]\nhost = h:1500/x\nUserName: u=1\npassword = pa;ss#wo%\n# c\n; c\n[log]\nlevel=9\n';
    const program = `
import configparser, json, sys
parser = configparser.RawConfigParser(strict=False)
parser.read_string(sys.stdin.read())
print(json.dumps({s: dict(parser.items(s)) for s in parser.sections()}))`;
    const theirs: unknown = JSON.parse(
      spawnSync('python3', ['-c', program], { input: text, encoding: 'utf8' }).stdout,
    );
    const ours: Record<string, Record<string, string>> = {};
    for (const { section, option, value: one } of parseIni(text).entries)
      (ours[section] ??= {})[option] = one;
    assert.deepEqual(ours, theirs);
  },
);
