import type { FromAgent } from '../../app/answers/central-report.ts';
import type { KnownOwners } from '../../app/answers/owner-knowledge.ts';
import type { OwnerWay } from '../../core/panel.ts';
import { counted } from '../../core/describe.ts';
import { coloured, localTime } from '../output.ts';

const ways: Readonly<Record<OwnerWay, string>> = {
  column: 'reported by a column of the list',
  'each-account': 'reported by the list as each account sees it',
  none: 'not reported by the panel',
};

/**
 * Makes the lines about owners of zones: how they are found, and how many edits were left to the panel. An
 * edit is left to the panel if the zone's owner is unknown or is another account.
 */
export function ownerLines(
  { check, way, zones, unknown }: KnownOwners,
  fromAgent: FromAgent['owners'] | null,
): string[] {
  const known = way === null ? 'not read yet' : ways[way];
  const sums = way === null ? '' : `: ${counted(zones, 'zone')}, ${unknown} of unknown owner`;
  const follows = coloured('edits of users are followed, not refused', 'care');
  const waits = coloured('edits of users are refused until then', 'care');
  const without = {
    on: way === 'none' ? `; ${follows}` : way === null ? `; ${waits}` : '',
    off: '; not checked (owner_check = off)',
    proved: '; not needed: the panel checks access first',
  };
  const left =
    fromAgent === null
      ? []
      : [
          ...leftToPanel(fromAgent.undecided, 'of unknown owner', fromAgent.undecidedAt),
          ...leftToPanel(fromAgent.foreign, 'of another account', fromAgent.foreignAt),
        ];
  return [
    `owners     ${known}${sums}${without[check]}`,
    ...(left.length === 0 ? [] : [`  left to the panel: ${left.join(', ')}`]),
  ];
}

function leftToPanel(edits: number, zones: string, last: number | null): string[] {
  return last === null ? [] : [`${counted(edits, 'edit')} in zones ${zones} (the last ${localTime(last)})`];
}
