import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PanelKind } from '../../net/ispmanager/panel-kind.ts';

/** Roots panels are installed at, the likeliest first (reference section 1). */
export const usualRoots = ['/usr/local/mgr5', '/opt/ispsystem/dnsmanager6', '/usr/local/ispmgr'] as const;

/**
 * Tells a panel by its files: the later generation keeps plugin descriptions in `etc/xml` and has `bin/core`; each panel has a
 * configuration file of its own name (reference section 1). Where ISPmanager and DNSmanager share a root, ISPmanager is meant.
 * @returns `null` when no panel is there
 */
export function panelKindAt(root: string): PanelKind | null {
  const has = (path: string): boolean => existsSync(join(root, path));
  if (!has('etc') || !has('addon') || !has('var')) return null;
  if (!has('etc/xml') && !has('bin/core')) return 'ispmanager4';
  return has('etc/dnsmgr.conf') && !has('etc/ispmgr.conf') ? 'dnsmanager' : 'ispmanager6';
}
