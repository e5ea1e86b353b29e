/**
 * Starts the panels of one generation: one with domainsync, one with a Python handler, one without a plugin,
 * and their central.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess, until } from '../src/testing/stage/stage.ts';
import { address, saveClick } from '../src/testing/stage/panel-words.ts';
import { ask } from '../src/app/control/client.ts';
import type { StatusReport } from '../src/app/control/protocol.ts';
import { install } from '../src/app/install/install.ts';
import { saveSettings } from '../src/config/settings.ts';
import type { PanelVersion } from './measure.ts';
import { startPanel, type RemotePanel } from './panels.ts';

export const zone = 'bench.example';
export const user = { name: 'kunde', password: 'bench-password' };
const dist = join(import.meta.dirname, '../dist');

export interface Scene {
  readonly version: PanelVersion;
  readonly central: RemotePanel;
  readonly ours: RemotePanel;
  readonly python: RemotePanel;
  readonly bare: RemotePanel;
  readonly socket: string;
  stop(): Promise<void>;
}

/** Returns the status report of the agent. */
export async function status({ socket }: Pick<Scene, 'socket'>): Promise<StatusReport> {
  return await ask(socket, 'status', {});
}

export async function openScene(directory: string, version: PanelVersion): Promise<Scene> {
  const place = (name: string): string => join(directory, version, name);
  const [central, ours, python, bare] = await Promise.all([
    startPanel(place('central'), user, version === 'v4' ? 'v4' : 'dnsmgr'),
    startPanel(place('ours'), user, version),
    startPanel(place('python'), user, version),
    startPanel(place('bare'), user, version),
  ]);
  const panels = [central, ours, python, bare];
  const socket = join(directory, `${version}.sock`);
  const stop = async (): Promise<void> => {
    const { pid } = await status({ socket });
    if (pid !== null) await endProcess(pid);
    await Promise.all(panels.map((panel) => panel.stop()));
  };
  const scene: Scene = { version, central, ours, python, bare, socket, stop };
  await setUpZones(scene);
  return scene;
}

async function setUpZones({ central, ours, python, bare, socket }: Scene): Promise<void> {
  const form = { elid: '', name: zone, ip: '192.0.2.1', sok: 'ok' };
  for (const panel of [central, ours, python, bare]) await panel.act('domain.edit', form);
  install({ root: ours.root, from: dist, socket });
  saveSettings(ours.root, {
    isp_master: {
      host: central.url,
      username: user.name,
      password: user.password,
      fingerprint: central.fingerprint,
    },
    sync: { compare_every: '0' },
  });
  ours.restart();
  placePython(python, central);
  for (const panel of [ours, python]) {
    const { func, params } = saveClick(
      panel.words,
      zone,
      address(panel === ours ? 'first' : 'second', '192.0.2.1'),
    );
    const sent = async (): Promise<boolean> => {
      await panel.act(func, params);
      const list = await central.act(central.words.list, { elid: zone });
      return list.elems.some((row) => (row['name'] ?? '').split('.')[0] === params['name']);
    };
    await until('the first mirrored edit', sent);
  }
}

function placePython(panel: RemotePanel, central: RemotePanel): void {
  const text = readFileSync(join(import.meta.dirname, 'baseline/handler.py'), 'utf8')
    .replace('@URL@', `${central.url}${central.words.path}`)
    .replace('@USER@', user.name)
    .replace('@PASSWORD@', user.password);
  mkdirSync(join(panel.root, 'addon'), { recursive: true });
  writeFileSync(join(panel.root, 'addon/original'), text);
  chmodSync(join(panel.root, 'addon/original'), 0o700);
  const { save, hasTtl } = panel.words;
  const event = hasTtl ? `<event name="${save}" after="yes"/>` : `<event after="yes">${save}</event>`;
  writeFileSync(
    join(panel.root, hasTtl ? 'etc/xml/ispmgr_mod_original.xml' : 'etc/ispmgr_mod_original.xml'),
    `<?xml version="1.0"?>\n<mgrdata><handler name="original" type="cgi">${event}</handler></mgrdata>\n`,
  );
  panel.restart();
}
