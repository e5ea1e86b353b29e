import { join } from 'node:path';
import { ispmanagerTitles, panelName, type IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import type { PanelModule } from '../module.ts';
import type { PanelLayout } from '../layout.ts';
import { ispmanager4Layout, ispmanager5Layout } from './layout.ts';

const tool = 'sbin/mgrctl';

/**
 * Whether the panel is version 5/6, which has `etc/xml` for plugin descriptions, or `bin/core`
 * (docs/protocol.md#files-5).
 */
function isLater(has: (path: string) => boolean): boolean {
  return has('etc/xml') || has('bin/core');
}

/**
 * Whether the root has only a DNSmanager. If it also has an ISPmanager, the panel counts as ISPmanager. Each
 * of the two has a configuration file with its own name.
 */
function isDnsmanager(has: (path: string) => boolean): boolean {
  return isLater(has) && has('etc/dnsmgr.conf') && !has('etc/ispmgr.conf');
}

/** Folders under the root of each of these panels (docs/protocol.md#files-4, #files-5). */
const folders = ['etc', 'addon', 'var'] as const;

function isPanel(has: (path: string) => boolean): boolean {
  return folders.every((folder) => has(folder));
}

function moduleOf(
  kind: IspmanagerKind,
  layout: PanelLayout,
  place: Pick<PanelModule, 'usualRoots' | 'isAt'>,
): PanelModule {
  return {
    ...place,
    title: ispmanagerTitles[kind],
    folders,
    ownFile: `etc/${panelName(kind)}.conf`,
    tool,
    tryByHand: (root) => `${join(root, tool)} -m ${panelName(kind)} domain`,
    layout,
    form: async () => (await import('./settings-form.ts')).settingsForm(kind),
    open: async (root, ports) => {
      const { createIspmanagerPanel } = await import('./index.ts');
      return createIspmanagerPanel({ root, kind, ...ports });
    },
    openHand: async (root) => (await import('./by-hand.ts')).createIspmanagerHand({ root, kind }),
  };
}

/** The kinds of panel, the likeliest first. */
export const ispmanagerPanels: Readonly<Record<IspmanagerKind, PanelModule>> = {
  ispmanager6: moduleOf('ispmanager6', ispmanager5Layout('ispmanager6'), {
    usualRoots: ['/usr/local/mgr5'],
    isAt: (has) => isPanel(has) && isLater(has) && !isDnsmanager(has),
  }),
  dnsmanager: moduleOf('dnsmanager', ispmanager5Layout('dnsmanager'), {
    usualRoots: ['/opt/ispsystem/dnsmanager6'],
    isAt: (has) => isPanel(has) && isDnsmanager(has),
  }),
  ispmanager4: moduleOf('ispmanager4', ispmanager4Layout, {
    usualRoots: ['/usr/local/ispmgr'],
    isAt: (has) => isPanel(has) && !isLater(has),
  }),
};
