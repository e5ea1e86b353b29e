import { displayName } from '../../dns/name.ts';
import type { ServerReport } from '../../centrals/verified/check.ts';
import { isBehind, reportText, type LiveView, type VerifyStatus } from '../../centrals/verified/verifier.ts';
import type { ReportedOperation } from '../../app/control/protocol.ts';
import { counted } from '../../core/describe.ts';
import { coloured, localTime } from '../output.ts';

/** Most names that are shown for one write. */
const mostNames = 3;

/**
 * Makes the lines about checks at the name servers: one with totals, and two for each write that some name
 * server does not serve yet.
 */
export function verifyLines({ servers, strict, underWay, waiting, ended, behind }: VerifyStatus): string[] {
  const sums = [
    `${ended.live} live`,
    `${ended.behind} not in time`,
    `${ended.superseded} superseded`,
    ...(ended.hidden > 0 ? [`${ended.hidden} not visible`] : []),
    ...(ended.dropped > 0 ? [`${ended.dropped} not checked`] : []),
  ];
  const now = `${underWay} being asked for${waiting > 0 ? `, ${waiting} waiting` : ''}`;
  return [
    `verify     ${counted(servers.length, 'name server')}${strict ? ', strict' : ''}: ${sums.join(', ')}; ${now}`,
    ...behind.flatMap((one) => {
      const names = one.names.slice(0, mostNames).map(displayName).join(', ');
      const more = one.names.length > mostNames ? ` and ${one.names.length - mostNames} more` : '';
      const id = one.operation === '-' ? '' : ` (operation ${one.operation})`;
      return [
        `  ${coloured(one.asking ? 'asking' : 'behind', one.asking ? 'care' : 'bad')} ${names}${more}, written ${localTime(one.since)}${id}: live ${liveAt(one.servers)}`,
        `         ${lagging(one.servers)}`,
      ];
    }),
  ];
}

/**
 * Says how many name servers serve the data, for example `at 2 of 3 name servers`. Servers that cannot show
 * the data are not counted.
 */
function liveAt(servers: readonly ServerReport[]): string {
  const visible = servers.filter(({ state }) => state !== 'hidden');
  const live = visible.filter(({ state }) => state === 'live').length;
  return `at ${live} of ${counted(visible.length, 'name server')}`;
}

function lagging(servers: readonly ServerReport[]): string {
  return servers.filter(isBehind).map(reportText).join(', ');
}

const states: Readonly<Record<LiveView['state'], string>> = {
  waiting: 'not asked yet',
  asking: 'being asked',
  live: '',
  hidden: 'the name servers do not show these names (a delegation above them)',
  behind: 'not in time',
  superseded: 'a later change of the same records took over',
  dropped: 'not checked: too many changes at once',
};

/** Makes the lines about checks of one operation at the name servers; empty if nothing is known. */
export function liveLines({ state, live }: ReportedOperation): string[] {
  if (live === null) return [];
  const undone = state === 'refused' || state === 'reverted' ? 'undone: ' : '';
  const told = live.state === 'live' || live.state === 'asking' || live.state === 'behind';
  const said = [told ? liveAt(live.servers) : '', states[live.state]].filter((part) => part !== '');
  const late = told ? lagging(live.servers) : '';
  return [`live       ${undone}${said.join('; ')}`, ...(late === '' ? [] : [`           ${late}`])];
}
