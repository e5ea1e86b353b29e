/** Tests calls of a panel whose command-line tool is missing, for example during an update of the panel. */
import assert from 'node:assert/strict';
import { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PanelError } from '../../core/panel.ts';
import { callPanel, localTool } from './api.ts';

test('a call that is given up while its tool is missing sends no signal to another process', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'missing-tool-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const killed: (number | undefined)[] = [];
  t.mock.method(ChildProcess.prototype, 'kill', function kill(this: ChildProcess): boolean {
    killed.push(this.pid);
    return true;
  });
  const tool = localTool({ root, kind: 'ispmanager6', timeout: 60_000 });
  const call = new AbortController();
  const answer = callPanel(tool, { func: 'domain' }, { signal: call.signal, operation: '-' });
  call.abort();
  await assert.rejects(answer, PanelError);
  assert.deepEqual(killed, []);
  // A call whose signal was aborted before the call began starts no process.
  await assert.rejects(
    callPanel(tool, { func: 'domain' }, { signal: call.signal, operation: '-' }),
    PanelError,
  );
});
