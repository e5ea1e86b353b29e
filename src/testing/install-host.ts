/** Makes a panel's root folder with a release beside it, as an installer finds them. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { panelName, type IspmanagerKind } from '../net/ispmanager/kinds.ts';

export interface Host {
  readonly folder: string;
  readonly root: string;
  readonly from: string;
  readonly socket: string;
}

export function makeHost(t: TestContext, kind: IspmanagerKind = 'ispmanager4'): Host {
  const folder = mkdtempSync(join(tmpdir(), 'install-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, 'panel');
  // Of these panels, only ISPmanager has a page for modules (docs/protocol.md#modules-5).
  const folders: Readonly<Record<IspmanagerKind, readonly string[]>> = {
    ispmanager4: [],
    ispmanager6: ['etc/xml', 'lib', 'etc/plugins/ispmgr'],
    dnsmanager: ['etc/xml', 'lib'],
  };
  for (const name of ['etc', 'addon', 'var', 'sbin', ...folders[kind]]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  writeFileSync(join(root, `etc/${panelName(kind)}.conf`), '');
  const from = join(folder, 'release');
  mkdirSync(from);
  for (const name of ['agent', 'hook', 'form', 'domainsync']) writeFileSync(join(from, `${name}.cjs`), name);
  cpSync(join(import.meta.dirname, '../../plugin'), join(from, 'plugin'), { recursive: true });
  return { folder, root, from, socket: join(folder, 'agent.sock') };
}

/** Lists every path under a folder, relative to it and sorted. */
export function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}
