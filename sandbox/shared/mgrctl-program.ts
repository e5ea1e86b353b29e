import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The program `mgrctl`. It sends its words, each with a NUL at its end. The answer is the exit status in a
 * line, then the output. Agents call it hundreds of times in a test, and Perl starts in a tenth of the time
 * of Node.js.
 */
const perl = String.raw`my $path = shift @ARGV;
for my $at (1 .. $#ARGV) {
  next if $ARGV[$at - 1] ne '-e' or $ARGV[$at] !~ /^([^=]*)=\$(.*)$/s;
  $ARGV[$at] = "$1=" . (defined $ENV{$2} ? $ENV{$2} : '');
}
sub fail { print STDERR "mgrctl: $_[0]\n"; exit 1; }
$SIG{PIPE} = 'IGNORE';
# 1 and 1: AF_UNIX and SOCK_STREAM of Linux. The module with these names takes longer to load than all else.
socket(my $socket, 1, 1, 0) or fail("$!");
connect($socket, pack('S a*', 1, "$path\0"))
  or fail("the panel cannot be reached: $!");
my $request = join '', map { "$_\0" } @ARGV;
while (length $request) {
  my $sent = syswrite $socket, $request;
  defined $sent or last;
  substr($request, 0, $sent) = '';
}
shutdown $socket, 1;
my $answer = '';
while (sysread $socket, $answer, 65536, length $answer) {}
$answer =~ s/^(\d+)\n// or fail('the panel gave no answer');
my $status = $1;
print STDOUT $answer;
close STDOUT;
exit $status;
`;

/**
 * The same program for a machine without Perl, in JavaScript. It is CommonJS and loads only `net`, because
 * every call waits until it has started.
 */
const node = String.raw`'use strict';
const socket = require('net').connect(process.argv[2]);
socket.on('error', (error) => {
  process.stderr.write('mgrctl: the panel cannot be reached: ' + error.message + '\n');
  process.exitCode = 1;
});
const pieces = [];
socket.on('data', (piece) => pieces.push(piece));
socket.on('end', () => {
  const all = Buffer.concat(pieces);
  const cut = all.indexOf(10);
  if (cut < 0) {
    process.stderr.write('mgrctl: the panel gave no answer\n');
    process.exitCode = 1;
    return;
  }
  process.exitCode = Number(all.subarray(0, cut).toString());
  process.stdout.write(all.subarray(cut + 1));
});
const words = process.argv.slice(3);
words.forEach((word, at) => {
  const given = words[at - 1] === '-e' ? /^([^=]*)=\$(.*)$/s.exec(word) : null;
  if (given !== null) words[at] = given[1] + '=' + (process.env[given[2]] || '');
});
socket.end(words.map((word) => word + '\0').join(''));
`;

/**
 * Writes the program `sbin/mgrctl` below the root of a panel.
 * @param socket where the panel serves it
 */
export function installProgram(root: string, socket: string): void {
  const path = join(root, 'sbin/mgrctl');
  const [inPerl, inNode] = [join(root, 'var/mgrctl.pl'), join(root, 'var/mgrctl.cjs')];
  writeFileSync(inPerl, perl, { mode: 0o600 });
  writeFileSync(inNode, node, { mode: 0o600 });
  const quoted = (...words: readonly string[]): string =>
    words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  // Without this variable, Perl complains about a locale that the machine does not have.
  const program = `#!/bin/sh
export PERL_BADLANG=0
command -v perl >/dev/null 2>&1 && exec perl ${quoted(inPerl, socket)} "$@"
exec ${quoted(process.execPath, inNode, socket)} "$@"
`;
  writeFileSync(path, program, { mode: 0o700 });
  chmodSync(path, 0o700);
}
