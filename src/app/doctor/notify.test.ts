/** Tests the doctor's findings about notifications. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { NotifySettings } from '../../config/notify-options.ts';
import { Secret } from '../../config/secret.ts';
import { notifyDefaults } from '../../testing/notify-defaults.ts';
import { memoryPath, nothingKept, writeKept } from '../notify/memory-file.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { checkNotify } from './notify.ts';

const settings: NotifySettings = {
  ...notifyDefaults,
  webhook: 'https://hooks.example.net/token',
  webhookSecret: new Secret('0123456789abcdef'),
  mailTo: ['dns@example.net'],
  sendmail: '/bin/cat',
};

function given(t: TestContext): Paths {
  const root = mkdtempSync(join(tmpdir(), 'doctor-notify-'));
  t.after(() => rmSync(root, { recursive: true }));
  const paths = pathsOf(root, join(root, 's'));
  mkdirSync(paths.state, { recursive: true });
  return paths;
}

test('nothing where the settings name nobody; whom they name, without secrets', (t) => {
  const paths = given(t);
  assert.deepEqual(checkNotify({ ...settings, webhook: null, mailTo: [] }, paths, 0), []);
  const [finding] = checkNotify(settings, paths, 0);
  assert.equal(finding?.state, 'ok');
  assert.equal(finding?.text, 'webhook https://hooks.example.net, mail dns@example.net');
});

test('a mail program that is missing, and notifications that do not arrive', (t) => {
  const paths = given(t);
  const [missing] = checkNotify({ ...settings, sendmail: '/no/such/program' }, paths, 0);
  assert.deepEqual([missing?.state, /\/no\/such\/program/.test(missing?.text ?? '')], ['warning', true]);
  const notice = {
    id: 'x',
    at: 1_000_000,
    kind: 'changed',
    began: [],
    ended: [],
    standing: [],
    heldBack: 0,
    quietUntil: null,
    several: false,
  } as const;
  writeKept(memoryPath(paths), { ...nothingKept, waiting: [{ notice, channels: ['webhook'] }] });
  assert.equal(checkNotify(settings, paths, 1_200_000)[0]?.state, 'ok');
  const [late] = checkNotify(settings, paths, 1_400_000);
  assert.deepEqual(
    [late?.state, late?.text],
    ['warning', '1 notification could not be delivered yet (webhook)'],
  );
});
