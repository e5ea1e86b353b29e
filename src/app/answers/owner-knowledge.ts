import { ownerFacts, rememberedWay, type OwnerStatus } from '../../core/engine/owners/read-owners.ts';
import { JournalError, type Journal } from '../../core/journal.ts';
import { loadSettings, type Settings } from '../../config/settings.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { SettingsRefused } from '../../centrals/connection.ts';
import { inJournal } from '../wiring/in-journal.ts';

/** Whose the zones are, as far as it is remembered. */
export type KnownOwners = Pick<OwnerStatus, 'check' | 'way' | 'zones' | 'unknown'>;

/** What forms and the doctor report of owners without the agent. */
export interface OwnerKnowledge extends KnownOwners {
  /**
   * When the self-test saw that the panel checks access first, wall clock, milliseconds since 1970; null: it
   * did not.
   */
  readonly provedAt: number | null;
}

/** @param check as in the settings @throws {JournalError} */
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
 * @param settings of the first central: all of them know the same
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
 * The same for the settings form, which has to open whatever state the journal is in; null where nothing can
 * be reported.
 */
export async function ownersForForm(root: string): Promise<OwnerKnowledge | null> {
  const loaded = loadSettings(root);
  if (loaded.kind !== 'configured') return null;
  try {
    return await ownerKnowledge(pathsOf(root), loaded.settings);
  } catch (error) {
    // The doctor reports what is wrong with it.
    if (error instanceof JournalError || error instanceof SettingsRefused) return null;
    throw error;
  }
}
