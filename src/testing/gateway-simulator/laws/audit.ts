import { checkAudit } from '../../../gateway/audit/verify.ts';
import { SqlStorage } from '../../../gateway/storage/sql-storage.ts';
import type { AuditFacts } from '../../../gateway/storage/storage.ts';
import { quietWay } from '../sim-database.ts';
import type { Course, Report } from './course.ts';

const ends: ReadonlySet<string> = new Set(['change.done', 'change.failed', 'change.interrupted']);

/** The audit is whole: its chain holds, and every accepted change has one entry and one end. */
export async function checkAuditTrail(course: Course, report: Report): Promise<void> {
  const { database, witness, clock } = course.world;
  const storage = new SqlStorage(database.connect(quietWay, true), {
    wall: () => clock.wall(),
    gateway: 'laws',
  });
  const { broken } = await checkAudit(storage, []);
  if (broken.length > 0) report('audit.chain', `entries ${broken.join(', ')} do not follow`);
  const entries = witness.commits.flatMap((commit) => commit.entries);
  const changes = entries.filter(({ what }) => what.startsWith('change.'));
  for (const [id, group] of Map.groupBy(changes, entryId)) checkEntries(id, group, report);
  checkOutcomesKept(course, report);
}

function entryId({ token, detail }: AuditFacts): string {
  const key = typeof detail === 'object' && detail !== null && 'key' in detail ? String(detail.key) : '';
  return `${token} ${key}`;
}

function checkEntries(id: string, entries: readonly AuditFacts[], report: Report): void {
  const accepted = entries.filter(({ what }) => what === 'change.accepted').length;
  const ended = entries.filter(({ what }) => ends.has(what)).length;
  const withdrawn = entries.filter(({ what }) => what === 'change.withdrawn').length;
  if (accepted > 1) report('audit.accepted', `${id} was accepted ${accepted} times`);
  if (accepted === 1 && withdrawn > 0) report('audit.accepted', `${id} was accepted and withdrawn`);
  if (accepted === 1 && ended !== 1) report('audit.ended', `${id} has ended ${ended} times`);
  if (accepted === 0 && withdrawn === 0) report('audit.accepted', `${id} has ended and was never accepted`);
}

/** Once the outcome of a change is stored, it never changes. */
function checkOutcomesKept({ world }: Course, report: Report): void {
  const seen = new Map<string, string>();
  for (const { outcomes } of world.witness.commits)
    for (const [id, outcome] of outcomes) {
      const before = seen.get(id);
      if (before !== undefined && before !== outcome)
        report('audit.outcome', `${id}: ${before} became ${outcome ?? 'none'}`);
      if (outcome !== null) seen.set(id, outcome);
    }
}
