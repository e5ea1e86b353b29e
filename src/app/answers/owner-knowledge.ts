import { ownerFacts, rememberedWay, type OwnerStatus } from '../../core/engine/owners/read-owners.ts';
import { JournalError, type Journal } from '../../core/journal.ts';
import { loadSettings, type Settings } from '../../config/settings.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { SettingsRefused } from '../../centrals/connection.ts';
import { inJournal } from '../wiring/in-journal.ts';

/** What the journal holds about the owners of zones. */
export type KnownOwners = Pick<OwnerStatus, 'check' | 'way' | 'zones' | 'unknown'>;

/** What the settings form and the doctor show about owners, also without an agent. */
export interface OwnerKnowledge extends KnownOwners {
  /**
   * When the self-test found that the panel checks access first: wall clock, milliseconds since 1970. Null:
   * no self-test has found that.
   */
  readonly provedAt: number | null;
}

/** @param check `owner_check` of the settings @throws {JournalError} */
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
 * @param settings of the first central; all centrals hold the same owners
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
 * {@link ownerKnowledge} for the settings form, which must open whatever state the journal is in. Null: the
 * settings or the journal cannot be used.
 */
export async function ownersForForm(root: string): Promise<OwnerKnowledge | null> {
  const loaded = loadSettings(root);
  if (loaded.kind !== 'configured') return null;
  try {
    return await ownerKnowledge(pathsOf(root), loaded.settings);
  } catch (error) {
    // The doctor reports the fault.
    if (error instanceof JournalError || error instanceof SettingsRefused) return null;
    throw error;
  }
}
