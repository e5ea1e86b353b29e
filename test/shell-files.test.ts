/**
 * Runs shellcheck on every shell script of the repository, and on the handlers that an installation writes.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { textOf } from '../src/app/install/panel-files.ts';
import { panelKinds, panels } from '../src/panels/registry.ts';
import { missing } from '../src/testing/shim.ts';

const top = join(import.meta.dirname, '..');
const skip = missing('shellcheck');

/** The values do not matter to shellcheck. They have to look like what an installation fills in. */
const values = {
  SOCKET: '/run/domainsync.sock',
  PAUSE: '/var/lib/pause',
  OBSERVING: '/var/lib/observing',
  NODE: '/opt/node',
  HOOK: '/opt/hook.js',
  FORM: '/opt/form.js',
  CLI: '/opt/cli.js',
  ROOT: '/opt',
  TYPE: 'cgi',
};

function isShell(text: string): boolean {
  return text.startsWith('#!/bin/sh\n');
}

/** Returns the problems that shellcheck finds in scripts; empty: there are none. */
function shellcheck(args: readonly string[], input?: string): string {
  const { stdout, stderr } = spawnSync('shellcheck', ['--external-sources', '--format=gcc', ...args], {
    cwd: top,
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  });
  return stdout + stderr;
}

test('issue 18, shellcheck: it reports a variable that is not quoted', { skip }, () => {
  assert.match(shellcheck(['-'], '#!/bin/sh\nrm $1\n'), /SC2086/u);
});

test('issue 18, shellcheck: every shell script of the repository', { skip }, () => {
  const scripts = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: top,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /^(?:script|plugin|\.ci|contrib)\/(?:.*\/)?[^/.]+$/u.test(file))
    // The template of the handlers is a script only after its second half is filled in; the next test checks
    // that.
    .filter((file) => file !== 'plugin/common/domainsync' && !/^plugin\/ispmanager.\/hook$/u.test(file))
    .filter((file) => isShell(readFileSync(join(top, file), 'utf8')));
  assert.ok(scripts.includes('script/test') && scripts.includes('plugin/install'));
  assert.equal(shellcheck(['--source-path=SCRIPTDIR', ...scripts, 'script/lib.sh']), '');
});

for (const kind of panelKinds)
  test(`issue 18, shellcheck: the handlers of ${kind}, filled in`, { skip }, () => {
    const texts = panels[kind].layout.files.map((file) => textOf(file, join(top, 'plugin'), values));
    const scripts = texts.filter((text) => isShell(text));
    assert.ok(scripts.length > 0);
    for (const text of scripts) {
      assert.doesNotMatch(text, /@[A-Z]+@/u);
      assert.equal(shellcheck(['-'], text), '');
    }
  });
