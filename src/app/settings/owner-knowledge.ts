import { existsSync } from 'node:fs';
import { ownerFacts, rememberedWay } from '../../core/engine/owners/read-owners.ts';
import { JournalError } from '../../core/journal.ts';
import type { OwnerWay } from '../../core/panel.ts';
import { loadSettings, type Settings } from '../../config/settings.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { journalPath, pathsOf, type Paths } from '../paths.ts';
import { SettingsRefused } from '../../centrals/module.ts';
import { wireCentral } from '../wiring/wire.ts';

/** Whose the zones are, as far as the journal remembers: what forms and the doctor tell without the agent. */
export interface OwnerKnowledge {
  readonly check: 'on' | 'off' | 'proved';
  /**
   * When the self-test saw that the panel checks access first, wall clock, milliseconds since 1970; null: it
   * did not.
   */
  readonly provedAt: number | null;
  /** Null: the panel's list was not read yet. */
  readonly way: OwnerWay | null;
  readonly zones: number;
  /** Zones whose owner is not known. */
  readonly unknown: number;
}

/**
 * @param settings of the first central: all of them know the same
 * @throws {JournalError | SettingsRefused}
 */
export async function ownerKnowledge(paths: Paths, settings: Settings): Promise<OwnerKnowledge> {
  const central = await wireCentral(settings, paths.root);
  await central.close();
  const path = journalPath(paths, central.id);
  const check = settings.ownerCheck;
  if (!existsSync(path)) return { check, provedAt: null, way: null, zones: 0, unknown: 0 };
  const journal = new SqliteJournal({ path, writer: false });
  try {
    const proved = await journal.fact(ownerFacts.proved);
    const way = rememberedWay(await journal.fact(ownerFacts.way));
    const accounts = way === null ? [] : [...(await journal.owners()).values()];
    return {
      check: check === 'on' && proved !== null ? 'proved' : check,
      provedAt: proved === null ? null : Number(proved),
      way,
      zones: accounts.length,
      unknown: accounts.filter((one) => one === null).length,
    };
  } finally {
    await journal.close();
  }
}

/**
 * The same for the settings form, which has to open whatever state the journal is in; null where nothing can
 * be said.
 */
export async function ownersForForm(root: string): Promise<OwnerKnowledge | null> {
  const loaded = loadSettings(root);
  if (loaded.kind !== 'configured') return null;
  try {
    return await ownerKnowledge(pathsOf(root), loaded.settings);
  } catch (error) {
    // The doctor tells what is wrong with it.
    if (error instanceof JournalError || error instanceof SettingsRefused) return null;
    throw error;
  }
}
