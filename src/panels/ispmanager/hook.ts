import { createHash } from 'node:crypto';
import { DnsDataError, problem, type Problem } from '../../dns/problem.ts';
import { isWithin, zoneName, type DnsName } from '../../dns/name.ts';
import { canonicalType, rdataFields } from '../../dns/rdata/rdata.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type {
  EditEvent,
  HookCall,
  HookReply,
  KnownRecord,
  Language,
  PanelEvent,
  Resolution,
  Verdict,
} from '../../core/panel.ts';
import { recordFromRow, rowForm, rowTypes, type RowFields } from '../../net/ispmanager/rows.ts';
import { escapeXml } from '../../net/xml.ts';
import { ambiguousKeys, matchKey, matchKeys } from './keys.ts';
import { readParameters, type Parameters } from './parameters.ts';
import { v4, type FunctionRole, type HookDialect } from './v4.ts';

/** Parameter that marks our own writes into the panel (design: "Echo"). */
export const markParameter = 'domainsync_mark';

/** Reads one hook call of an ISPmanager 4 (reference 6 and 10). Pure. */
export function decode(call: HookCall, dialect: HookDialect = v4): PanelEvent {
  const stage = call.environment['HANDLER_STAGE'] ?? '';
  if (stage !== 'before' && stage !== 'after') return { kind: 'ignore' };
  const parameters = readParameters(call);
  const name = parameters.get('func') ?? '';
  const role = dialect.functions[name];
  if (role === undefined) return { kind: 'ignore' };
  const base: Base = {
    stage,
    func: name,
    saving: (parameters.get('sok') ?? '') !== '',
    parameters,
    fingerprint: fingerprintOf(call, parameters, dialect),
    actor: call.environment['REMOTE_USER'] ?? '',
    mark: parameters.get(markParameter) ?? null,
  };
  try {
    return decoders[role](base);
  } catch (error) {
    if (error instanceof DnsDataError) return { kind: 'invalid', problems: error.problems };
    throw error;
  }
}

/** A form that is only being opened is none of our business (reference 10.4); a delete acts with or without `sok`. */
const decoders: Readonly<Record<FunctionRole, (base: Base) => PanelEvent>> = {
  hint: (base) => (base.saving || base.func.endsWith('.delete') ? hint(base) : nothing),
  'zone-form': (base) => (base.saving ? zoneForm(base) : nothing),
  'zone-delete': zoneDelete,
  'zone-delete-confirm': (base) => (base.saving ? zoneDelete(base) : nothing),
  'record-form': (base) => (base.saving ? recordForm(base) : nothing),
  'record-delete': recordDelete,
};

const nothing: PanelEvent = { kind: 'ignore' };

interface Base {
  readonly stage: 'before' | 'after';
  readonly func: string;
  readonly saving: boolean;
  readonly parameters: Parameters;
  readonly fingerprint: string;
  readonly actor: string;
  readonly mark: string | null;
}

/** Only what the function documents counts: session noise differs between `before` and `after` (reference 2.3). */
function fingerprintOf(call: HookCall, parameters: Parameters, dialect: HookDialect): string {
  const parts = [call.environment['AUTHID'] ?? '', call.environment['REMOTE_USER'] ?? ''];
  for (const name of dialect.documented) {
    const value = parameters.get(name);
    if (value !== undefined && value !== '') parts.push(name, value);
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** Web, mail and user functions change zones without firing a DNS event (reference 9); which, is not always told. */
function hint({ stage, func: source, parameters }: Base): PanelEvent {
  if (stage === 'before') return nothing;
  const named =
    (parameters.get('domain') ?? '') || (parameters.get('name') ?? '') || (parameters.get('elid') ?? '');
  const zones: DnsName[] = [];
  for (const text of named.split(/[\s,]+/u)) {
    if (!text.includes('.')) continue;
    try {
      zones.push(zoneName(text.toLowerCase()));
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
    }
  }
  return { kind: 'hint', zones: zones.length === 0 ? 'all' : zones, source };
}

/** `domain.edit`: an empty or absent `elid` creates, anything else changes an existing domain, which fires no record events. */
function zoneForm(base: Base): PanelEvent {
  const existing = (base.parameters.get('elid') ?? '').trim();
  if (existing !== '') {
    return base.stage === 'before'
      ? nothing
      : { kind: 'hint', zones: [zoneName(existing)], source: base.func };
  }
  const zone = zoneName((base.parameters.get('name') ?? '').trim());
  const words = (name: string): string[] =>
    (base.parameters.get(name) ?? '').split(/[\s,]+/u).filter((word) => word !== '');
  const seed = { addresses: words('ip'), nameServers: words('ns'), mailServers: words('mx') };
  return { kind: 'edits', edits: [{ kind: 'zone-create', ...eventBase(base, zone), seed }] };
}

function zoneDelete(base: Base): PanelEvent {
  const names = (base.parameters.get('elid') ?? '').split(',').map((name) => name.trim());
  const edits = names
    .filter((name) => name !== '')
    .map((name): EditEvent => ({ kind: 'zone-delete', ...eventBase(base, zoneName(name)) }));
  return edits.length === 0 ? { kind: 'ignore' } : { kind: 'edits', edits };
}

function eventBase(base: Base, zone: DnsName): Omit<EditEvent, 'kind' | 'seed' | 'resolve'> {
  const { stage, fingerprint, actor, mark } = base;
  return { stage, zone, fingerprint, actor, mark };
}

function recordForm(base: Base): PanelEvent {
  const zone = zoneName((base.parameters.get('plid') ?? '').trim());
  const elid = base.parameters.get('elid') ?? '';
  const given = rowOf(base.parameters);
  const event: EditEvent = {
    kind: 'records',
    ...eventBase(base, zone),
    resolve: (known) => (elid === '' ? created(given, zone) : changed(elid, given, known, zone)),
  };
  // What is wrong whatever the old record is, is said even before the zone is known.
  const early = elid === '' ? created(given, zone) : null;
  if (early?.kind === 'invalid') return { kind: 'invalid', problems: early.problems };
  return { kind: 'edits', edits: [event] };
}

function rowOf(parameters: Parameters): RowFields {
  const row: Record<string, string> = {};
  const names = { name: 'name', type: 'sdtype', addr: 'addr', prio: 'prio', wght: 'wght', port: 'port' };
  for (const [field, parameter] of Object.entries(names)) {
    const value = parameters.get(parameter);
    if (value !== undefined) row[field] = value;
  }
  return row;
}

function created(given: RowFields, zone: DnsName): Resolution {
  const made = tryRecord(given, zone);
  return made.kind === 'record' ? { kind: 'items', items: [{ remove: null, add: made.record }] } : made;
}

/** An absent field of the form means the old value (reference 16.18, design: "The ledger"). */
function changed(elid: string, given: RowFields, known: readonly KnownRecord[], zone: DnsName): Resolution {
  const match = matchKey(elid, known, zone);
  const old = match.kind === 'records' ? match.records[0]?.record : undefined;
  if (old === undefined) return unknownKey(elid);
  const made = tryRecord({ ...oldRow(old, given), ...given }, zone);
  return made.kind === 'record' ? { kind: 'items', items: [{ remove: old, add: made.record }] } : made;
}

function oldRow(old: ResourceRecord, given: RowFields): RowFields {
  if (!rowTypes.has(old.type)) {
    return { name: old.name, type: old.type, addr: rdataFields(old.type, old.rdata).join(' ') };
  }
  const { sdtype: type, ...rest } = rowForm(old);
  // A changed type brings its own value; the old one's numbers mean nothing there.
  const same = given.type === undefined || canonicalType(given.type) === type;
  return same ? { ...rest, type } : { name: rest.name };
}

type Made =
  | { readonly kind: 'record'; readonly record: ResourceRecord }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

function tryRecord(row: RowFields, zone: DnsName): Made {
  try {
    const record = recordFromRow(row, zone);
    if (isWithin(record.name, zone)) return { kind: 'record', record };
    return { kind: 'invalid', problems: [problem('name.out-of-zone', { name: record.name, zone })] };
  } catch (error) {
    if (error instanceof DnsDataError) return { kind: 'invalid', problems: error.problems };
    throw error;
  }
}

function unknownKey(key: string): Resolution {
  return { kind: 'unknown-key', problems: [{ code: 'record.unknown-key', params: { key } }] };
}

function recordDelete(base: Base): PanelEvent {
  const zone = zoneName((base.parameters.get('plid') ?? '').trim());
  const elid = base.parameters.get('elid') ?? '';
  if (elid === '') return { kind: 'ignore' };
  const resolve = (known: readonly KnownRecord[]): Resolution => {
    const match = matchKeys(elid, known, zone);
    if (match.kind === 'unknown') return unknownKey(elid);
    if (match.kind === 'ambiguous') return { kind: 'invalid', problems: [ambiguousKeys(elid)] };
    return { kind: 'items', items: match.records.map(({ record }) => ({ remove: record, add: null })) };
  };
  return { kind: 'edits', edits: [{ kind: 'records', ...eventBase(base, zone), resolve }] };
}

/** Russian where the session is Russian, English otherwise (reference 10.3, `SESSION_LANG`). */
export function language(call: HookCall): Language {
  return (call.environment['SESSION_LANG'] ?? '').toLowerCase().startsWith('ru') ? 'ru' : 'en';
}

/** Level 7 is the administrator (reference 3); a call without a level is the host's own (reference 12). */
export function isAdmin(call: HookCall): boolean {
  return Number(call.environment['SESSION_LEVEL'] ?? 7) >= 7;
}

/** One XML document without a header (reference 21 #29); code 9 is a plugin's own ready text (reference 5.1). */
export function encode(verdict: Verdict, text: string): HookReply {
  const body = verdict.kind === 'accept' ? '<doc/>' : `<doc><error code="9">${escapeXml(text)}</error></doc>`;
  return { output: `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n` };
}
