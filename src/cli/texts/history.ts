import { displayName } from '../../dns/name.ts';
import { formatRecord, recordId } from '../../dns/record.ts';
import type { ShownEntry } from '../../app/answers/history-entries.ts';
import { pullSource, pushSource } from '../../core/zone-plan.ts';
import type { EditItem } from '../../core/panel.ts';
import { localTime, table } from '../output.ts';
import { cutForTable, outcomeCell, shownItems } from './states.ts';

/** Makes the output of `domainsync history`. */
export function historyText(entries: readonly ShownEntry[]): string {
  const several = entries.some(({ central }) => central !== undefined);
  const rows = entries.map((entry) => [
    ...(several ? [String(entry.central)] : []),
    localTime(entry.createdAt),
    entry.id,
    outcomeCell(entry),
    entry.kind === 'call' ? entry.edit : entry.kind,
    entry.zone === null ? '-' : displayName(entry.zone),
    whoOf(entry),
    [cutForTable(whatOf(entry)), ...entry.why.map((code) => `[${code}]`)].join(' ').trim(),
  ]);
  const headings = ['TIME', 'OPERATION', 'OUTCOME', 'KIND', 'ZONE', 'WHO', 'WHAT'];
  return table([...(several ? ['CENTRAL'] : []), ...headings], rows);
}

/**
 * Who made the edit: the account or, if unknown, what caused the edit. For a command: the operator and the
 * command.
 */
function whoOf(entry: ShownEntry): string {
  const { actor } = entry;
  const source = entry.kind === 'call' ? '' : entry.source;
  if (actor === '') return source === '' ? '-' : source;
  return source === pushSource || source === pullSource ? `${actor} (${source})` : actor;
}

function whatOf(entry: ShownEntry): string {
  if (entry.kind === 'call') {
    const many = entry.times > 1 ? `${entry.times} times` : '';
    return [zoneWords[entry.edit], itemsText(entry.items), many].filter((part) => part !== '').join(' ');
  }
  if (entry.kind === 'zone-delete') return zoneWords[entry.kind];
  if (entry.kind === 'records') return itemsText(shownItems(entry));
  return `+ the zone ${(entry.seed?.addresses ?? []).join(' ')}`.trimEnd();
}

const zoneWords = {
  'zone-create': '+ the zone',
  'zone-delete': '- the whole zone',
  records: '',
  unclear: '',
} as const;

function itemsText(items: readonly EditItem[]): string {
  return items
    .map(({ remove, add }) => {
      if (remove !== null && add !== null && recordId(remove) === recordId(add)) {
        return `TTL ${remove.ttl ?? '?'} -> ${add.ttl ?? '?'}: ${formatRecord(add)}`;
      }
      const gone = remove === null ? '' : `- ${formatRecord(remove)}`;
      const made = add === null ? '' : `+ ${formatRecord(add)}`;
      return [gone, made].filter((part) => part !== '').join(' ');
    })
    .join(', ');
}
