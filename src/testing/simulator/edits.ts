import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import type { Actor, EditEvent, EditItem, Verdict } from '../../core/panel.ts';

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
      const ids = new Set(known.map(({ record }) => recordId(record)));
      const missing = items.filter(({ remove }) => remove !== null && !ids.has(recordId(remove)));
      if (missing.length > 0)
        return { kind: 'unknown-key', problems: [{ code: 'record.unknown-key', params: {} }] };
      return { kind: 'items', items };
    },
  };
}

/** Describes an edit in a few words. */
export function describeEvent(event: EditEvent): string {
  return `${event.kind} ${event.fingerprint}`;
}

/** Describes a verdict in a few words. */
export function describeVerdict(verdict: Verdict): string {
  return verdict.kind === 'accept' ? 'accept' : `refuse ${verdict.problems.map(({ code }) => code).join()}`;
}
