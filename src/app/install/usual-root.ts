import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { problem, type Problem } from '../../dns/problem.ts';
import { defaultRoot, panels, usualRoots } from '../../panels/registry.ts';
import { panelKindAt } from '../wiring/panel-at.ts';
import { releases } from './install.ts';

/**
 * The root that commands use if none is given: the first root with domainsync. Without one, it is the first
 * root that surely has a panel, or else the first root with the folders of a panel.
 * @param roots the roots to look at; by default those that panels usually have
 */
export function usualRoot(roots: readonly string[] = usualRoots): string {
  return (
    roots.find(hasDomainsync) ??
    roots.find(isProved) ??
    roots.find((root) => panelKindAt(root) !== null) ??
    defaultRoot
  );
}

/**
 * Finds a reason why the administrator must name the root for an installation.
 * @param roots as in {@link usualRoot}
 * @returns null: he need not, because only one of the roots can be meant, or no root has a panel
 */
export function objectionToUsualRoot(roots: readonly string[] = usualRoots): Problem | null {
  const known = roots.filter((root) => hasDomainsync(root) || isProved(root));
  if (known.length > 1) return problem('install.several-panels', { paths: known.join(', ') });
  const path = usualRoot(roots);
  const kind = panelKindAt(path);
  if (known.length > 0 || kind === null) return null;
  return problem('install.unproved-panel', { path, file: panels[kind].ownFile });
}

function hasDomainsync(root: string): boolean {
  return existsSync(join(root, releases, 'current'));
}

/** Whether the root has a panel, and no other product of the same vendor with the same folders. */
function isProved(root: string): boolean {
  const kind = panelKindAt(root);
  return kind !== null && existsSync(join(root, panels[kind].ownFile));
}
