/** Names of zones that the panel and its handlers spell in their own ways (issue 12.11). */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { HookCall, Panel } from '../../core/panel.ts';
import { PanelError } from '../../core/panel.ts';
import { patience } from '../../testing/patience.ts';
import { createIspmanagerPanel } from './index.ts';

const ctx = { signal: new AbortController().signal, operation: '-' };

/** A panel whose list has these domains. */
function panelWith(
  t: TestContext,
  names: readonly string[],
  kind: 'ispmanager4' | 'ispmanager6',
): { panel: Panel; passedOver: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'spelling-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const mgrctl = join(root, 'mgrctl');
  const rows = names.map((name) => `<elem><name>${name}</name></elem>`).join('');
  writeFileSync(mgrctl, `#!/bin/sh\ncat <<'END'\n<doc>${rows}</doc>\nEND\n`);
  chmodSync(mgrctl, 0o700);
  const passedOver: string[] = [];
  const panel = createIspmanagerPanel({
    root,
    kind,
    mgrctl,
    timeout: patience,
    passedOver: (found) => passedOver.push(...found),
  });
  return { panel, passedOver };
}

function call(plid: string): HookCall {
  const parameters = { func: 'domain.record.delete', plid, elid: 'www A 192.0.2.1', sok: 'ok' };
  const exported = Object.entries(parameters).map(([name, value]) => [
    `PARAM_${name}`,
    Buffer.from(value, 'utf8').toString('latin1'),
  ]);
  return {
    environment: { AUTH_USER: 'alice', AUTH_LEVEL: '16', ...Object.fromEntries(exported) },
    body: new Uint8Array(),
    stage: 'before',
  };
}

function zoneMeant(panel: Panel, plid: string): string {
  const event = panel.decode(call(plid));
  if (event.kind === 'edits') return event.edits[0]?.zone ?? '';
  return event.kind === 'invalid' ? (event.problems[0]?.code ?? '') : event.kind;
}

for (const kind of ['ispmanager4', 'ispmanager6'] as const) {
  test(`${kind}: a row whose name is none is passed over and reported`, async (t) => {
    const { panel, passedOver } = panelWith(t, ['example.org', 'a..b', 'example.net'], kind);
    assert.deepEqual(await panel.listZones(ctx), ['example.org.', 'example.net.']);
    assert.deepEqual(passedOver, ['a..b']);
  });
}

test('a row without a name is no domain with a bad one: the list is not understood', async (t) => {
  const { panel } = panelWith(t, ['example.org', ''], 'ispmanager6');
  await assert.rejects(panel.listZones(ctx), (error) => error instanceof PanelError);
});

test('a deviation character is read as the panel’s own list has the zone', async (t) => {
  const { panel } = panelWith(t, ['xn--strae-oqa.example', 'fass.example'], 'ispmanager6');
  assert.equal(zoneMeant(panel, 'straße.example'), 'name.deviation');
  await panel.listZones(ctx);
  assert.equal(zoneMeant(panel, 'straße.example'), 'xn--strae-oqa.example.');
  assert.equal(zoneMeant(panel, 'faß.example'), 'fass.example.');
  assert.equal(zoneMeant(panel, 'maß.example'), 'name.deviation');
});

test('a deviation character whose two readings are both zones of the panel is not guessed at', async (t) => {
  const { panel } = panelWith(t, ['xn--strae-oqa.example', 'strasse.example'], 'ispmanager6');
  await panel.listZones(ctx);
  assert.equal(zoneMeant(panel, 'straße.example'), 'name.deviation');
});
