import { displayName } from '../../dns/name.ts';
import { formatRecord, recordId } from '../../dns/record.ts';
import type { Operation } from '../../core/operation.ts';
import type { Answers } from '../../app/control/protocol.ts';
import { localTime, table } from '../output.ts';
import { cutForTable, moodOfState, outcomeWords } from './states.ts';

/** The text of `domainsync history`. */
export function historyText(operations: Answers['history']): string {
  const several = operations.some(({ central }) => central !== undefined);
  const rows = operations.map((operation) => [
    ...(several ? [String(operation.central)] : []),
    localTime(operation.createdAt),
    operation.id,
    { text: outcomeWords[operation.outcome], mood: moodOfState(operation.outcome) },
    operation.kind,
    displayName(operation.zone),
    operation.actor === '' ? operation.source : operation.actor,
    [cutForTable(describeItems(operation)), ...codes(operation)].join(' '),
  ]);
  const headings = ['TIME', 'OPERATION', 'OUTCOME', 'KIND', 'ZONE', 'WHO', 'WHAT'];
  return table([...(several ? ['CENTRAL'] : []), ...headings], rows);
}

/** Why it ended so, as codes; `domainsync show` gives their texts. */
function codes({ why }: Answers['history'][number]): string[] {
  return why.map((code) => `[${code}]`);
}

function describeItems(operation: Operation): string {
  if (operation.kind === 'zone-delete') return '- the whole zone';
  if (operation.kind === 'zone-create')
    return `+ the zone ${(operation.seed?.addresses ?? []).join(' ')}`.trimEnd();
  return operation.items
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
