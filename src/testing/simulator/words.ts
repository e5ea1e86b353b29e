import type { DnsName } from '../../dns/name.ts';
import { recordLine } from './event-parts.ts';
import { administrator } from './edits.ts';
import type { EditOfRecords, EditOfZone, HistoryEvent } from './event.ts';
import type { HistoryResult, Trouble } from './history.ts';
import { isOfHost } from './hosts.ts';
import { mishapWords } from './mishap-words.ts';
import { isOutside, type Outside } from './perform-outside.ts';
import { isMishap } from './perform-mishaps.ts';
import { isOperators } from './perform-operators.ts';
import type { Story } from './story.ts';
import type { LocalPart } from './world.ts';

/**
 * Describes a history, one sentence a line. Events and faults come first, in order of time, then the calls
 * whose duration is recorded.
 */
export function tell({ story, troubles }: Pick<HistoryResult, 'story' | 'troubles'>): string[] {
  const events = story.events.map(({ at, on, event }) => ({
    at,
    text: `${on === undefined ? '' : 'on the copy '}${eventWords(event)}`,
  }));
  // If a call is slow, a second draw says how slow. The first draw is left out, so that the call is described
  // only once.
  const met = troubles
    .filter(({ drawn }) => drawn !== 'slow')
    .map((trouble) => ({ at: trouble.at, text: troubleWords(trouble) }));
  const lines = [...events, ...met].toSorted((one, other) => one.at - other.at);
  const options = Object.entries(story.options).flatMap(([name, isOn]) => (isOn ? [name] : []));
  return [
    ...(options.length === 0 ? [] : [`Given: ${options.join(', ')}.`]),
    ...lines.map(({ at, text }) => `At ${seconds(at)} ${text}.`),
    ...Object.entries(story.draws).flatMap(([name, values]) => delayWords(name, values)),
    `From ${seconds(story.calmAt)} on all is well again.`,
  ];
}

function eventWords(event: HistoryEvent): string {
  if (isMishap(event)) return mishapWords(event, { seconds, bare });
  if (isOutside(event)) return outsideWords(event);
  if (isOperators(event)) return operatorWords(event);
  if (isOfHost(event)) return hostWords[event.kind];
  if (event.kind === 'click') return `alice ${clickWords(event)} with one click${localWords(event.local)}`;
  switch (event.kind) {
    case 'edit':
      return `${event.actor.name} ${itemsWords(event)}${aside(event)}${localWords(event.local)}`;
    case 'intrusion':
      return `eve, who may not, ${itemsWords(event)}${localWords(event.local)}`;
    case 'zone-create':
    case 'zone-delete':
      return zoneWords(event);
    case 'kill':
      return 'the agent is killed';
    case 'start':
      return 'the agent starts';
    case 'outage':
      return `${whose(event.of)} is out of reach for ${seconds(event.lasts)}`;
    case 'clock-step':
      return `the wall clock is set by ${seconds(event.by)}`;
  }
}

const hostWords = {
  'host-copied': 'somebody takes an image of the host',
  'copy-started': 'the image is started on another machine',
  'copy-accepted': 'an operator shuts the original down for good, and accepts the journal on the copy',
} as const;

function pauseWords(event: Extract<HistoryEvent, { kind: 'pause' | 'pause-over' | 'comparison' }>): string {
  switch (event.kind) {
    case 'pause':
      return `a pause begins${event.lasts === null ? '' : `, for ${seconds(event.lasts)}`}`;
    case 'pause-over':
      return event.how === 'command' ? 'somebody ends the pause' : 'somebody removes the file of the pause';
    case 'comparison':
      return `somebody asks for a comparison of ${event.zone === null ? 'all zones' : bare(event.zone)}`;
  }
}

function operatorWords(
  event: Extract<HistoryEvent, { kind: 'plan' | 'exclusion' | 'pause' | 'pause-over' | 'comparison' }>,
): string {
  if (event.kind !== 'plan' && event.kind !== 'exclusion') return pauseWords(event);
  const what = bare(event.only ?? event.zone);
  if (event.kind === 'exclusion')
    return `an operator ${event.excluded ? 'excludes' : 'includes'} ${what} at central ${event.central}`;
  const how = event.removes ? ' with removals' : '';
  const who = event.twice ? 'two operators apply it' : 'applies it';
  return `an operator plans a ${event.direction} of ${what} at central ${event.central}${how}, and ${who} after ${seconds(event.waits)}`;
}

function outsideWords(event: Outside): string {
  switch (event.kind) {
    case 'central-write':
      return `somebody at central ${event.central} ${itemWords(event.zone, event)}`;
    case 'central-create': {
      const held = event.records.map((record) => line(event.zone, record)).join(', ');
      return `the provider of central ${event.central} makes the zone ${bare(event.zone)} by hand, with ${held}`;
    }
    case 'unheard-change':
      return `the panel adds ${line(event.zone, event.add)} in ${bare(event.zone)} without a DNS event${event.hints ? ', and hints at it' : ''}`;
    case 'unheard-removal':
      return `the panel loses ${lostWords(event)} without a DNS event${hintWords[event.hint]}`;
    case 'central-delete':
      return `the provider of central ${event.central} deletes the zone ${bare(event.zone)} by hand`;
    case 'foreign-zone':
      return `another account makes the zone ${bare(event.zone)} at central ${event.central}`;
  }
}

const hintWords = { zone: ', and hints at it', all: ', and hints at all zones', none: '' } as const;

function lostWords({ zone, records }: Extract<Outside, { kind: 'unheard-removal' }>): string {
  if (records === null) return `the zone ${bare(zone)}`;
  return `${records.map((record) => line(zone, record)).join(', ')} in ${bare(zone)}`;
}

function whose(of: 'panel' | number): string {
  return of === 'panel' ? 'the panel' : `central ${of}`;
}

function clickWords({ edits, deletes }: Extract<HistoryEvent, { kind: 'click' }>): string {
  return [...edits.map(itemsWords), ...deletes.map((zone) => `deletes the zone ${bare(zone)}`)].join(' and ');
}

function zoneWords({ kind, zone, actor = administrator, local }: EditOfZone): string {
  const what = kind === 'zone-create' ? 'creates' : 'deletes';
  return `${actor.name} ${what} the zone ${bare(zone)}${localWords(local)}`;
}

function itemsWords({ zone, items }: Pick<EditOfRecords, 'zone' | 'items'>): string {
  return items.map((item) => itemWords(zone, item)).join(' and ');
}

function itemWords(zone: DnsName, { remove, add }: EditOfRecords['items'][number]): string {
  if (remove !== null && add !== null)
    return `changes ${line(zone, remove)} to ${line(zone, add)} in ${bare(zone)}`;
  if (remove !== null) return `deletes ${line(zone, remove)} in ${bare(zone)}`;
  return add === null ? `does nothing in ${bare(zone)}` : `adds ${line(zone, add)} in ${bare(zone)}`;
}

function line(zone: DnsName, record: Parameters<typeof recordLine>[0]): string {
  const name = record.name === zone ? '@' : bare(record.name.replace(`.${zone}`, ''));
  return recordLine({ ...record, name });
}

function aside({ hidesOwner, leavesOut = [] }: EditOfRecords): string {
  const owner = hidesOwner === true ? '; the panel does not tell whose the zone is' : '';
  return leavesOut.length === 0 ? owner : `${owner}; the panel leaves out number ${leavesOut.join(', ')}`;
}

function localWords({
  refuses,
  takes,
  afterLost,
  visibleAfter,
  afterLate = 0,
  afterTwice,
  afterAnyway,
}: LocalPart): string {
  if (refuses)
    return `; the panel refuses it ${seconds(takes)} after the hook's answer${afterAnyway === true ? ', and calls after all the same' : ''}`;
  return [
    takes > 1_000 ? `; the panel needs ${seconds(takes)} for it` : '',
    afterLost ? '; its after gets lost' : '',
    afterLate > 0 ? `; its after comes ${seconds(afterLate)} late` : '',
    afterTwice === true ? '; its after comes twice' : '',
    visibleAfter > 0 ? `; the panel shows it ${seconds(visibleAfter)} late` : '',
  ].join('');
}

/** For each fault of a call, what happened to the call, in words. */
const faults: Readonly<Record<string, string>> = {
  refuse: 'is refused',
  down: 'does not arrive',
  'lost-answer': 'is carried out, and the answer gets lost',
  late: 'is given up, though it is still on its way',
};

function troubleWords({ name, drawn }: Trouble): string {
  if (typeof drawn === 'number')
    return name.endsWith(' lands')
      ? `${callWords(name.slice(0, -6))} is on its way for ${seconds(drawn)}`
      : `${callWords(name.slice(0, -8))} takes ${seconds(drawn)}`;
  const meets = drawn === true ? 'happens' : `meets ${String(drawn)}`;
  return `${callWords(name.replace(/ fault$/, ''))} ${faults[String(drawn)] ?? meets}`;
}

/** Describes a call of the engine. @param name the name of its random draws */
function callWords(name: string): string {
  const [, side, call, ...of] =
    /^((?:copy )?(?:central|panel) \d+) (may create|\w+) ?(\S*) ?(\S*)$/.exec(name) ?? [];
  if (side === undefined) return `"${name}"`;
  const about = of.filter((part) => part !== '').at(-1);
  return `the call "${call}"${about === undefined ? '' : ` for ${bare(about)}`} at ${side}`;
}

/** Describes the recorded durations of calls with this name, in the order of the calls. */
function delayWords(name: string, values: Story['draws'][string]): string[] {
  if (/ (?:lands|is slow|random)$/.test(name)) return [];
  return Object.entries(values).flatMap(([count, drawn]) =>
    typeof drawn === 'number' ? [`Number ${count} of ${callWords(name)} takes ${seconds(drawn)}.`] : [],
  );
}

function bare(name: string): string {
  return name.replace(/\.$/, '');
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
