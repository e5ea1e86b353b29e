import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPanelKind, panelKinds, panels, type PanelKind } from '../../panels/registry.ts';
import type { PanelModule } from '../../panels/module.ts';

/**
 * Tells a panel by its files.
 * @returns `null` when no panel is there
 */
export function panelKindAt(root: string): PanelKind | null {
  const has = (path: string): boolean => existsSync(join(root, path));
  return panelKinds.find((kind) => panels[kind].isAt(has)) ?? null;
}

/**
 * What the product knows of the panel under a root. Without a panel it is the default kind: reading it tells
 * what is missing.
 */
export function panelAt(root: string): PanelModule {
  return panels[panelKindAt(root) ?? defaultPanelKind];
}
