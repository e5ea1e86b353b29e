import { displayName, type DnsName } from '../../dns/name.ts';
import { formatRecord } from '../../dns/record.ts';
import { describeInFull, describeProblem } from '../../core/describe.ts';
import type { RecordState } from '../../core/ledger.ts';
import { isFinal } from '../../core/operation.ts';
import type { SigningReport } from '../../app/answers/zone-signing.ts';
import type { Answers, ZoneReport } from '../../app/control/protocol.ts';
import { coloured, localTime, table, type Cell } from '../output.ts';
import { noteText } from './notes.ts';
import { centralName, inMood, moodOfState, cutForTable } from './states.ts';

/**
 * Makes the output of `domainsync zones`.
 * @param width columns of the terminal; null: nothing is cut
 */
export function zonesText(zones: Answers['zones'], width: number | null): string {
  const several = zones.some(({ central }) => central !== undefined);
  // On a terminal the time of day is left out, because it would leave no room for the notes.
  const time = (at: number): string => (width === null ? localTime(at) : localTime(at).slice(0, 10));
  const rows = zones.map(({ zone, state, baselineAt, note, central, records, conflictSince }) => {
    const count = (of: RecordState): string => String(records[of] ?? 0);
    const conflicts = records['conflict'] ?? 0;
    const since = conflicts === 0 || conflictSince === null ? '' : ` since ${time(conflictSince)}`;
    return [
      ...(several ? [String(central)] : []),
      displayName(zone),
      inMood(state),
      time(baselineAt),
      count('synced'),
      count('panel-only'),
      count('central-only'),
      { text: `${conflicts}${since}`, mood: conflicts === 0 ? 'plain' : 'care' } as const,
      noteText(note),
    ];
  });
  const headings = ['ZONE', 'STATE', 'SINCE', 'SYNCED', 'PANEL', 'CENTRAL', 'CONFLICT', 'NOTE'];
  const first = several ? 1 : 0;
  const cut = [
    [first + 7, 12],
    [first, 16],
    [first + 7, 4],
    [first, 4],
  ] as const;
  return table([...(several ? ['CENTRAL'] : []), ...headings], rows, { width, cut });
}

/**
 * Makes the output of `domainsync zone`: the records of panel and central side by side, and DNSSEC data for
 * the registrar. If the panel has several centrals, there is one part for each.
 */
export function zoneText(zone: DnsName, report: Answers['zone']): string {
  if (report.centrals === undefined) return showAt(zone, report);
  return report.centrals
    .map((one) => `central ${one.central}  ${centralName(one)}\n${showAt(zone, one)}`)
    .join('\n\n');
}

function showAt(zone: DnsName, view: ZoneReport): string {
  const { entry } = view;
  const note = entry === null || entry.note === null ? '' : ` (${noteText(entry.note)})`;
  const zoneState = entry?.state ?? 'not known';
  const head = `${displayName(zone)}: ${coloured(zoneState, moodOfState(zoneState))}${note}`;
  const rows = view.rows.map(({ record, state, onPanel, onCentral, note: rowNote }) => [
    onPanel ? 'yes' : '-',
    onCentral ? 'yes' : '-',
    inMood(state),
    cutForTable(formatRecord(record)),
    noteText(rowNote),
  ]);
  const open = view.open.map(
    ({ id, state, kind }) => `${isFinal(state) ? 'watched' : 'open'} operation ${id}: ${kind}, ${state}`,
  );
  const { lines, rows: panelRows } = panelContent(view);
  const lists = table(['PANEL', 'CENTRAL', 'STATE', 'RECORD', 'NOTE'], [...rows, ...panelRows]);
  return [head, ...signingLines(zone, view.signing), ...lines, lists, ...open].join('\n');
}

/** Makes the lines and table rows of a zone if its records are known from the panel only. */
function panelContent({ inPanel, entry }: ZoneReport): {
  readonly lines: readonly string[];
  readonly rows: readonly (readonly (string | Cell)[])[];
} {
  if (inPanel === null) return { lines: [], rows: [] };
  if ('problem' in inPanel) return { lines: [describeInFull(inPanel.problem, 'en')], rows: [] };
  const isKnown = entry !== null;
  const line = isKnown
    ? 'Edits of this zone stay in the panel. Its records there, as the panel shows them now:'
    : 'This zone was not compared yet. Its records in the panel, as it shows them now:';
  const state = isKnown ? inMood('panel-only') : '-';
  const rows = inPanel.records.map((record) => ['yes', '-', state, cutForTable(formatRecord(record)), '']);
  return { lines: [line], rows };
}

function signingLines(zone: DnsName, signing: SigningReport): string[] {
  if (signing === null) return [];
  if ('problem' in signing) return [`DNSSEC     not known: ${describeProblem(signing.problem, 'en')}`];
  if (signing.signed === null) return ['DNSSEC     not known: this central does not report it'];
  if (!signing.signed) return ['DNSSEC     not signed by the central'];
  if (signing.ds.length === 0)
    return ['DNSSEC     signed by the central, which does not report the DS for the registrar'];
  const line = (data: string): string => `           ${zone} IN DS ${data}`;
  const asked =
    signing.cds.length === 0
      ? ['CDS        none published: the DS above has to be entered at the registrar by hand']
      : ['CDS        published, for a registry that fetches it:', ...signing.cds.map(line)];
  return ['DNSSEC     signed by the central; DS for the registrar:', ...signing.ds.map(line), ...asked];
}
