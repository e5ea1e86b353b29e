/**
 * Compares how we and BIND (`named-compilezone`, 9.18) read records and master files. We read what BIND
 * reads, BIND reads what we write, and we refuse what BIND refuses as data. `differences` below lists the
 * exceptions.
 *
 * It does not count where a text is cut into strings. `"a" "b"` and `"ab"` are different data for BIND and
 * the same data for us. Every reader of TXT and SPF joins the strings (RFC 7208 section 3.3, RFC 6376 section
 * 3.6.2.2), and panels show one text. {@link parseZoneFile} joins them on both sides. BIND's lines with these
 * two types are parsed before they are compared.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { parseName } from './name.ts';
import { DnsDataError } from './problem.ts';
import { rareTypes } from './rdata/type-numbers.ts';
import { numberOfType, recordTypes, typeOfNumber } from './rdata/types.ts';
import { wireRdata } from './rdata/rdata.ts';
import { makeRecord, recordId, type ResourceRecord } from './record.ts';
import { formatZoneFile, parseZoneFile } from './zone-file.ts';

const found = spawnSync('named-compilezone', ['-v'], { encoding: 'utf8' });
const skip = found.error === undefined ? false : 'named-compilezone is not installed';
const origin = parseName('example.org.');

/** Options that turn off all checks of a zone's meaning. BIND still checks the syntax. */
const lenient = ['-i', 'none', ...['-k', '-n', '-m', '-M', '-S', '-r'].flatMap((check) => [check, 'ignore'])];

/** Prints the zone with BIND, one record a line. */
function compile(path: string): string {
  const options = ['-q', '-f', 'text', '-F', 'text', '-s', 'full', ...lenient];
  return execFileSync('named-compilezone', [...options, '-o', '-', 'example.org', path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
}

function withFile<T>(text: string, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'compilezone-'));
  try {
    const path = join(folder, 'zone');
    writeFileSync(path, text);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function read(text: string): readonly ResourceRecord[] {
  return parseZoneFile(text, { origin }).records;
}

function sorted(records: readonly ResourceRecord[]): string[] {
  return records.map((record) => `${recordId(record)} ${record.ttl}`).sort();
}

/**
 * Types that BIND prints in a format of its own, which we do not read, because our table has no row for them.
 * Their lines are compared with the lines that BIND prints for our output.
 */
const rare = new Set([...rareTypes.values()].map(typeOfNumber));
const rareLine = new RegExp(`^\\S+\\s+\\d+\\s+IN\\s+(?:${[...rareTypes.keys()].join('|')})\\s.*\n`, 'gmu');

function withoutRare(printed: string): string {
  return printed.replaceAll(rareLine, '');
}

/** The record in the form of RFC 3597, made from our wire form. */
function generic({ name, ttl, type, rdata }: ResourceRecord): string {
  const wire = Buffer.from(wireRdata(type, rdata));
  const hex = wire.length === 0 ? '' : ` ${wire.toString('hex')}`;
  return `${name} ${ttl} CLASS1 TYPE${numberOfType(type)} \\# ${wire.length}${hex}\n`;
}

/** BIND's lines. Names and the tags of CAA are turned to lower case, as we write them. */
function lines(printed: string): string[] {
  return printed
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => (/\sIN (?:TXT|SPF)\s/.test(line) ? sorted(read(line))[0] : line.toLowerCase()) ?? '')
    .map((line) => line.replaceAll(/\s+/g, ' '))
    .sort();
}

for (const path of globSync(join(import.meta.dirname, 'corpus/*.zone'))) {
  test(`${basename(path)}: BIND reads what we read, and reads what we write`, { skip }, () => {
    const ours = read(readFileSync(path, 'utf8'));
    const wanted = sorted(ours.filter(({ type }) => !rare.has(type)));
    const printed = compile(path);
    assert.deepEqual(sorted(read(withoutRare(printed))), wanted, 'the file itself');
    const written = withFile(formatZoneFile(origin, ours), compile);
    assert.deepEqual(sorted(read(withoutRare(written))), wanted, 'the file we write');
    const wired = withFile(ours.map(generic).join(''), compile);
    assert.deepEqual(sorted(read(withoutRare(wired))), wanted, 'our wire form');
    assert.deepEqual(
      [...new Set(lines(written))],
      [...new Set(lines(printed))],
      'the file we write in the words of BIND',
    );
    assert.deepEqual(
      [...new Set(lines(wired))],
      [...new Set(lines(printed))],
      'the wire form in the words of BIND',
    );
  });
}

test('every type of the table is in the corpus', () => {
  const types = new Set<string>();
  for (const path of globSync(join(import.meta.dirname, 'corpus/*.zone')))
    for (const { type } of read(readFileSync(path, 'utf8'))) types.add(type);
  assert.deepEqual(
    [...recordTypes.keys()].filter((type) => !types.has(type)),
    [],
  );
});

/** Records that we and BIND judge differently, given by their beginning, each with the reason. */
const differences: Readonly<Record<string, string>> = {
  'TXT "xxx': 'a text is one for us, of any length; it is cut when it is written',
  NOSUCHTYPE: 'a type without a number passes through a panel unharmed; only BIND cannot hold it',
  'CNAME \\[': 'bit labels are long gone (RFC 6891 section 5); the octet is a bracket',
  'HTTPS 1 . ohttp': 'RFC 9540 is younger than this BIND; we write key8, which it reads',
  EUI48: 'BIND reads as far as it understands and drops the rest, so that an error of typing becomes data',
  'LOC 52': 'RFC 1876 section 3 gives 90000000.00 as the largest size',
  'LOC \\#': 'RFC 1876 section 2: another version than 0 must not be interpreted',
  SSHFP: 'a fingerprint without octets (RFC 4255 section 3.1.3) has no text in master files either',
};

function refuses(rdata: string): boolean {
  try {
    const [, type = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(rdata) ?? [];
    makeRecord({ name: '@', type, rdata: rest }, origin);
    return false;
  } catch (error) {
    assert.ok(error instanceof DnsDataError, String(error));
    return true;
  }
}

test('what BIND refuses as data we refuse, but for differences with a reason', { skip }, () => {
  const cases = readFileSync(join(import.meta.dirname, 'corpus/refused.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'));
  const given = cases.map((line) => ({
    mark: /^[~!]/.exec(line)?.[0] ?? '',
    rdata: line.replace(/^[~!]/, '').replace(/x\{(\d+)\}/, (_, count) => 'x'.repeat(Number(count))),
  }));
  const head = '$TTL 60\n@ SOA ns hm 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
  // Each record gets a file of its own, because some mistakes make BIND stop reading a file.
  const bind = (rdata: string): boolean =>
    withFile(`${head}r ${rdata}\n`, (path) => {
      const options = [...lenient, '-q', '-o', '/dev/null', 'example.org', path];
      return spawnSync('named-compilezone', options).status === 0;
    });
  assert.ok(bind('A 192.0.2.1') && given.length > 200);
  for (const { mark, rdata } of given) {
    assert.equal(bind(rdata), mark === '!', `BIND: ${mark}${rdata}`);
    assert.equal(!refuses(rdata), mark === '~', `we: ${mark}${rdata}`);
    const reason = Object.keys(differences).some((start) => rdata.startsWith(start));
    assert.ok(mark === '' || reason, `without a reason: ${rdata}`);
  }
});
