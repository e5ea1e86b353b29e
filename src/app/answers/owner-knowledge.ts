import { ownerFacts, rememberedWay, type OwnerStatus } from '../../core/engine/owners/read-owners.ts';
import { JournalError, type Journal } from '../../core/journal.ts';
import { loadSettings, type Settings } from '../../config/settings.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { SettingsRefused } from '../../centrals/connection.ts';
import { inJournal } from '../wiring/in-journal.ts';

/** What the journal stores about the owners of zones. */
export type KnownOwners = Pick<OwnerStatus, 'check' | 'way' | 'zones' | 'unknown'>;

/** What the settings form and the doctor show about owners, whether or not an agent runs. */
export interface OwnerKnowledge extends KnownOwners {
  /**
   * When the self-test found that the panel checks access before it calls us: wall clock, milliseconds since
   * 1970. Null: no self-test has found that.
   */
  readonly provedAt: number | null;
}

/**
 * Reads from a journal what it stores about owners.
 * @param check `owner_check` of the settings
 * @throws {JournalError}
 */
export async function ownersIn(
  journal: Pick<Journal, 'fact' | 'owners'>,
  check: Settings['ownerCheck'],
): Promise<KnownOwners> {
  const isProved = (await journal.fact(ownerFacts.proved)) !== null;
  const way = rememberedWay(await journal.fact(ownerFacts.way));
  const accounts = way === null ? [] : [...(await journal.owners()).values()];
  return {
    check: check === 'on' && isProved ? 'proved' : check,
    way,
    zones: accounts.length,
    unknown: accounts.filter((one) => one === null).length,
  };
}

/**
 * Reads what is stored about owners.
 * @param settings of the first central; the journals of all centrals store the same owners
 * @throws {JournalError | SettingsRefused}
 */
export async function ownerKnowledge(paths: Paths, settings: Settings): Promise<OwnerKnowledge> {
  const check = settings.ownerCheck;
  const known = await inJournal(paths, settings, async (journal) => {
    const proved = await journal.fact(ownerFacts.proved);
    return { ...(await ownersIn(journal, check)), provedAt: proved === null ? null : Number(proved) };
  });
  return known ?? { check, provedAt: null, way: null, zones: 0, unknown: 0 };
}

/**
 * Like {@link ownerKnowledge}, for the settings form, which has to open even if the journal is damaged. Null:
 * the settings or the journal cannot be used.
 */
export async function ownersForForm(root: string): Promise<OwnerKnowledge | null> {
  const loaded = loadSettings(root);
  if (loaded.kind !== 'configured') return null;
  try {
    return await ownerKnowledge(pathsOf(root), loaded.settings);
  } catch (error) {
    // The form leaves out what cannot be read. The doctor reports the error.
    if (error instanceof JournalError || error instanceof SettingsRefused) return null;
    throw error;
  }
}
