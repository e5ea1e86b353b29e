import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPanelKind, panelKinds, panels, type PanelKind } from '../../panels/registry.ts';
import type { PanelModule } from '../../panels/module.ts';

/** Finds the kind of panel from the files under the root. @returns `null`: there is no panel */
export function panelKindAt(root: string): PanelKind | null {
  const has = (path: string): boolean => existsSync(join(root, path));
  return panelKinds.find((kind) => panels[kind].isAt(has)) ?? null;
}

/**
 * The folders that are missing under a root. Of all kinds of panels, the one with the fewest missing folders
 * counts.
 * @returns empty: the root has all folders of some kind
 */
export function missingFolders(root: string): readonly string[] {
  const missing = panelKinds.map((kind) =>
    panels[kind].folders.filter((folder) => !existsSync(join(root, folder))),
  );
  return missing.toSorted((one, other) => one.length - other.length)[0] ?? [];
}

/**
 * Returns the module for the panel under this root. Without a panel, returns the module of the default kind,
 * whose reads report what is missing.
 */
export function panelAt(root: string): PanelModule {
  return panels[panelKindAt(root) ?? defaultPanelKind];
}
