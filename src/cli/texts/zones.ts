import { displayName, type DnsName } from '../../dns/name.ts';
import { formatRecord } from '../../dns/record.ts';
import { describeProblem } from '../../core/describe.ts';
import { isFinal } from '../../core/operation.ts';
import type { SigningReport } from '../../app/answers/zone-signing.ts';
import type { Answers, ZoneReport } from '../../app/control/protocol.ts';
import { coloured, localTime, table } from '../output.ts';
import { noteText } from './notes.ts';
import { centralName, inMood, moodOfState, cutForTable } from './states.ts';

/** The text of `domainsync zones`. */
export function zonesText(zones: Answers['zones']): string {
  const several = zones.some(({ central }) => central !== undefined);
  const rows = zones.map(({ zone, state, baselineAt, note, central }) => [
    ...(several ? [String(central)] : []),
    displayName(zone),
    inMood(state),
    localTime(baselineAt),
    noteText(note),
  ]);
  return table([...(several ? ['CENTRAL'] : []), 'ZONE', 'STATE', 'SINCE', 'NOTE'], rows);
}

/**
 * The text of `domainsync zone`: panel and central side by side, and DNSSEC data for the registrar. With
 * several centrals, one after the other.
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
  const lists = table(['PANEL', 'CENTRAL', 'STATE', 'RECORD', 'NOTE'], rows);
  return [head, ...signingLines(zone, view.signing), lists, ...open].join('\n');
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
