import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { rowsInPanel, type Actor, type EditEvent, type EditItem, type Verdict } from '../../core/panel.ts';

/** An administrator. The owner check accepts an administrator's edits in every zone. */
export const administrator: Actor = { name: 'alice', rank: 'administrator' };

export function recordsEvent(
  zone: DnsName,
  items: readonly EditItem[],
  stage: 'before' | 'after',
  actor = administrator,
): EditEvent {
  return {
    kind: 'records',
    stage,
    zone,
    fingerprint: JSON.stringify([zone, items]),
    actor,
    echo: null,
    names: items.flatMap(({ remove }) => remove?.name ?? []),
    resolve: (known) => {
      const rows = new Map(known.map((one) => [recordId(one.record), rowsInPanel(one)]));
      const missing = items.filter(({ remove }) => remove !== null && !rows.has(recordId(remove)));
      if (missing.length > 0)
        return { kind: 'unknown-key', problems: [{ code: 'record.unknown-key', params: {} }] };
      return { kind: 'items', items: items.flatMap((item) => besideOtherRows(item, rows)) };
    },
  };
}

/**
 * The items of an edit as a panel's adapter reports them. If the panel may list the old record in another row
 * too, the record stays.
 * @param rows numbers of rows by record id
 */
function besideOtherRows(item: EditItem, rows: ReadonlyMap<string, number>): readonly EditItem[] {
  const { remove, add } = item;
  if (remove === null || (add !== null && recordId(add) === recordId(remove))) return [item];
  if ((rows.get(recordId(remove)) ?? 0) <= 1) return [item];
  const staying = { remove, add: remove };
  return add === null ? [staying] : [staying, { remove: null, add }];
}

/** Describes an edit in a few words. */
export function describeEvent(event: EditEvent): string {
  return `${event.kind} ${event.fingerprint}`;
}

/** Describes a verdict in a few words. */
export function describeVerdict(verdict: Verdict): string {
  return verdict.kind === 'accept' ? 'accept' : `refuse ${verdict.problems.map(({ code }) => code).join()}`;
}
