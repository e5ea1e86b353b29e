import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { childText } from '../net/xml.ts';
import { parseXml } from '../testing/parse-xml.ts';

test('started by an ISPmanager 6: what was typed in any alphabet comes back as it is', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'form-main-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const name of ['etc/xml', 'addon', 'var']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'etc/ispmgr.conf'), '');
  const env = {
    AUTH_LEVEL: '30',
    PARAM_func: 'domainsync',
    PARAM_sok: 'ok',
    PARAM_host: '127.0.0.1:1',
    PARAM_username: 'müller',
    PARAM_password: 'пароль',
    PARAM_contact: 'Звоните: <help@пример.рф>',
  };
  const answer = execFileSync(process.execPath, [join(import.meta.dirname, 'main.ts'), root], { env });
  const doc = parseXml(answer.toString('utf8'));
  assert.deepEqual(
    [childText(doc, 'username'), childText(doc, 'contact')],
    [env.PARAM_username, env.PARAM_contact],
  );
});
