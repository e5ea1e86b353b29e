import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { DnsDataError, problem, validOr, validOrElse, type Problem } from '../../dns/problem.ts';
import { isWithin, zoneName, type DnsName } from '../../dns/name.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';
import type {
  EditEvent,
  EditItem,
  HookCall,
  HookReply,
  KnownRecord,
  PanelEvent,
  Resolution,
  Verdict,
} from '../../core/panel.ts';
import type { Cells, RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import type { FunctionRole, PanelDialect } from './dialect.ts';
import { calledFunction, doubtAbout, hasValues, type CalledFunction } from './doubt.ts';
import {
  matchKey,
  matchKeys,
  namesMeant,
  staysInPanel,
  withNamesOf,
  type Matched,
  type KeyContext,
} from './keys.ts';
import { nothingKnown, type PanelKnowledge } from './known.ts';
import { valuesOf, type Parameters } from './parameters.ts';

/**
 * The name of the parameter that marks our own writes into the panel
 * (docs/architecture.md#the-way-of-one-edit).
 */
export const echoParameter = 'domainsync_echo';

/**
 * Turns one hook call into an event (docs/protocol.md#functions-4, #functions-5, #handlers-4, #handlers-5).
 * Pure.
 * @param known names and keys from the panel's lists; some calls cannot be decoded without these
 */
export function decode(
  call: HookCall,
  dialect: PanelDialect,
  known: PanelKnowledge = nothingKnown,
): PanelEvent {
  const stage = dialect.calls.stage(call);
  if (stage !== 'before' && stage !== 'after') return nothing;
  const base = baseOf(call, stage, dialect, known);
  const { readings } = base;
  const called = calledFunction(readings, dialect);
  if (called.kind !== 'ours') return notOurs(base, called);
  const { role } = called;
  const doubtful = doubtAbout({ dialect, role, readings });
  if (doubtful !== null) return unclear(base, doubtful);
  return validOrElse(
    () => {
      const event = decoders[role](base);
      return event.kind === 'ignore' && stage === 'after' ? overlooked(base, role) : event;
    },
    ({ problems }) => (stage === 'before' ? invalid(base, role, problems) : hintOfAll(base)),
  );
}

/** Makes the event for a save or a delete with invalid content. */
function invalid(base: Base, role: FunctionRole, problems: readonly Problem[]): PanelEvent {
  const creates = role === 'zone-form';
  const named = (base.parameters.get('plid') ?? identifiers(base)).replace(/^[\s,]+/u, '');
  const zone = creates ? null : (zonesIn(named.slice(0, mostNameText), base.known.zones)[0] ?? null);
  return { kind: 'invalid', problems, actor: base.actor, origin: base.origin, zone, creates };
}

/** Maximum number of characters of a text that are searched for a zone's name. No name is longer. */
const mostNameText = 2_000;

/**
 * The zones in a list of names. Texts that are no names are left out.
 * @throws {DnsDataError} `call.too-large`
 */
function zonesIn(list: string, known: ReadonlySet<DnsName>): DnsName[] {
  return readable(elements(list, /[\s,]+/u), known);
}

/** The zones that the texts name, each once. Texts that are no names are left out. */
function readable(texts: readonly string[], known: ReadonlySet<DnsName>): DnsName[] {
  const read = (text: string): DnsName | readonly [] => validOr(() => zoneName(text, known), []);
  return [...new Set(texts.flatMap(read))];
}

/**
 * Makes an event that leads to a comparison of the call's zones. The panel has made the edit already, so it
 * is too late to refuse it.
 */
function hintOfAll(base: Base): PanelEvent {
  const isOfZone = valuesOf(base.readings, 'plid').some((zone) => zone !== '');
  return hint(base, isOfZone ? ['plid'] : base.dialect.hinting);
}

/**
 * Makes the event for a call that the panel may parse in another way than we do. In the stage `before`, the
 * call is refused. In the stage `after`, the zones are compared.
 */
function unclear(base: Base, parameter: string): PanelEvent {
  if (base.stage === 'after') return hintOfAll(base);
  const tooMuch = base.readings.isTooLarge;
  // The panel may act on another zone than the one that we found, so the refusal names no zone.
  return {
    kind: 'invalid',
    problems: [tooMuch ? tooLarge() : problem('call.unclear', { parameter })],
    actor: base.actor,
    origin: base.origin,
    zone: null,
    creates: true,
  };
}

function tooLarge(): Problem {
  return problem('call.too-large');
}

function notOurs(base: Base, called: Exclude<CalledFunction, { kind: 'ours' }>): PanelEvent {
  if (base.stage === 'before') {
    const mayEdit = called.kind === 'unclear' && called.mayEdit;
    return mayEdit ? unclear(base, base.readings.isUnreadable ? 'body' : 'func') : nothing;
  }
  return called.kind === 'unclear' || base.saving ? hintOfAll(base) : nothing;
}

/**
 * Makes the event for a call of the stage `after` that its decoder has ignored. If the panel may have saved
 * something, the zone is compared.
 */
function overlooked(base: Base, role: FunctionRole): PanelEvent {
  const { dialect, readings, saving } = base;
  if (isCopy(base)) return nothing;
  const isForm = role === 'zone-form' || role === 'record-form';
  const isSeen = !isForm || !readings.isPartial || !hasValues({ dialect, role, readings });
  return saving || role === 'zone-delete' || role === 'record-delete' || !isSeen ? hintOfAll(base) : nothing;
}

/**
 * For each role of a function, how to decode its call. A form that is only being opened is ignored
 * (docs/protocol.md#stages-4). A delete takes effect with or without `sok`.
 */
const decoders: Readonly<Record<FunctionRole, (base: Base) => PanelEvent>> = {
  hint: (base) => (acts(base) ? hint(base) : nothing),
  'hint-user': (base) => (acts(base) ? (ownersChange(base, []) ?? hint(base, ['domain'])) : nothing),
  'hint-move': (base) =>
    acts(base) ? (ownersChange(base, zonesIn(identifiers(base), base.known.zones)) ?? hint(base)) : nothing,
  'hint-action': (base) => hint(base),
  'zone-form': (base) => (base.saving ? zoneForm(base) : nothing),
  'zone-delete': zoneDelete,
  'zone-delete-confirm': (base) => (base.saving ? zoneDelete(base) : nothing),
  'record-form': (base) => (base.saving ? recordForm(base) : nothing),
  'record-delete': recordDelete,
};

/**
 * Whether the call creates a copy of another server's zone in DNSmanager, which has no records of its own
 * (docs/protocol.md#dnsmanager).
 */
function isCopy({ dialect, func, parameters }: Base): boolean {
  return dialect.hasCopies && dialect.functions[func] === 'zone-form' && parameters.get('dtype') === 'slave';
}

function acts({ saving, func }: Base): boolean {
  return saving || func.endsWith('.delete');
}

const nothing: PanelEvent = { kind: 'ignore' };

/** Collects the parts of a call that its decoder needs. */
function baseOf(call: HookCall, stage: 'before' | 'after', dialect: PanelDialect, known: PanelKnowledge) {
  const readings = dialect.calls.readings(call);
  const { parameters } = readings;
  return {
    dialect,
    stage,
    func: parameters.get('func') ?? '',
    saving: readings.isSaving,
    parameters,
    readings,
    fingerprint: fingerprintOf(call, parameters, dialect),
    actor: dialect.calls.actor(call),
    origin: { func: parameters.get('func') ?? '', address: addressOf(call) },
    echo: parameters.get(echoParameter) ?? null,
    known,
  };
}

type Base = Readonly<ReturnType<typeof baseOf>>;

/** The address of the client in the panel's CGI environment; empty: the environment lacks it. */
function addressOf({ environment }: HookCall): string {
  const address = environment['REMOTE_ADDR'] ?? '';
  return isIP(address) === 0 ? '' : address;
}

/**
 * Identifies a call by its session, user and documented parameters. Other parameters may differ between the
 * stages `before` and `after` of one call (docs/protocol.md#parameters).
 */
function fingerprintOf(call: HookCall, parameters: Parameters, dialect: PanelDialect): string {
  const parts = [dialect.calls.session(call), dialect.calls.actor(call).name];
  for (const name of [...dialect.documented, ...dialect.records.formFields]) {
    const value = parameters.get(name);
    if (value !== undefined && value !== '') parts.push(name, value);
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/**
 * Makes an event that leads to a comparison of zones, for a function that may change zones without a call of
 * our DNS handlers (docs/protocol.md#other-functions). If the call names no zones, or too many, all zones are
 * compared.
 * @param fields parameters that may name zones or hosts
 */
function hint(
  { stage, func: source, readings, dialect, fingerprint, actor, known }: Base,
  fields = dialect.hinting,
): PanelEvent {
  if (stage === 'before') return nothing;
  const all: PanelEvent = { kind: 'hint', zones: 'all', source, fingerprint, actor };
  const values = fields.flatMap((field) => valuesOf(readings, field));
  if (values.reduce((total, { length }) => total + length, 0) > mostHintText) return all;
  const hosts = values.flatMap((value) => value.split(/[\s,\0]+/u)).filter((text) => text.includes('.'));
  const zones = readable(
    hosts.map((host) => host.toLowerCase()),
    known.zones,
  );
  return zones.length === 0 || zones.length > mostHintZones ? all : { ...all, zones };
}

/** If the parameters have more characters than this, or name more zones, all zones are compared. */
const mostHintText = 64 * 1024;
const mostHintZones = 1_000;

/** Maximum length, in characters, of each list for a new zone: addresses, name servers, mail servers. */
const mostSeedText = 16 * 1024;

/** Maximum number of elements in a list, for example of zones that one call deletes. */
const mostElements = 10_000;

/** Splits a list, and leaves out empty elements. @throws {DnsDataError} `call.too-large` */
function elements(text: string, separator: RegExp | ','): string[] {
  const found = text.split(separator, mostElements + 1);
  if (found.length > mostElements) throw new DnsDataError([tooLarge()]);
  return found.map((element) => element.trim()).filter((element) => element !== '');
}

/**
 * Makes the event for a function that may change the owners of zones; null for a call of the stage `after`.
 * @param zones zones that the call names; if empty, the call is about the accounts that it names
 * @throws {DnsDataError} `call.too-large`
 */
function ownersChange(base: Base, zones: readonly DnsName[]): PanelEvent | null {
  const { stage, actor, fingerprint, parameters } = base;
  if (stage !== 'before') return null;
  const named = [identifiers(base), parameters.get('name') ?? ''].flatMap((list) =>
    elements(list, /[\s,]+/u),
  );
  const accounts = zones.length > 0 ? null : [...new Set(named)];
  return { kind: 'owners', actor, fingerprint, zones, accounts };
}

/**
 * Decodes `domain.edit`. Without `elid`, the call creates a zone. With `elid`, it changes an existing domain,
 * and the panel does not call our handlers for the records.
 */
function zoneForm(base: Base): PanelEvent {
  const existing = (base.parameters.get('elid') ?? '').trim();
  if (existing !== '')
    return ownersChange(base, zonesIn(existing, base.known.zones)) ?? hint(base, ['elids', 'elid', 'name']);
  if (isCopy(base)) return nothing;
  const zone = zoneName((base.parameters.get('name') ?? '').trim(), base.known.zones);
  const words = (name: string): string[] => {
    const text = base.parameters.get(name) ?? '';
    if (text.length > mostSeedText) throw new DnsDataError([tooLarge()]);
    return elements(text, /[\s,]+/u);
  };
  const seed = { addresses: words('ip'), nameServers: words('ns'), mailServers: words('mx') };
  return { kind: 'edits', edits: [{ kind: 'zone-create', ...eventBase(base, zone), seed }] };
}

function zoneDelete(base: Base): PanelEvent {
  const { zones, passedOver } = base.known;
  const names = elements(identifiers(base), ',').filter((name) => !passedOver.has(name));
  const edits = names.map((name): EditEvent => ({
    kind: 'zone-delete',
    ...eventBase(base, zoneName(name, zones)),
  }));
  return edits.length === 0 ? { kind: 'ignore' } : { kind: 'edits', edits };
}

/**
 * The identifiers that a group function acts on. Version 5/6 sends the whole list in a parameter of its own
 * (docs/protocol.md#handlers-5).
 */
function identifiers({ parameters, dialect: { groupList } }: Base): string {
  const list = groupList === null ? '' : (parameters.get(groupList) ?? '');
  return list || (parameters.get('elid') ?? '');
}

function eventBase(base: Base, zone: DnsName): Omit<EditEvent, 'kind' | 'seed' | 'names' | 'resolve'> {
  const { stage, fingerprint, actor, origin, echo } = base;
  return { stage, zone, fingerprint, actor, origin, echo };
}

/**
 * The zone of the edited record. Null: its name is not a valid DNS name, so the zone exists only in the
 * panel.
 * @throws {DnsDataError}
 */
function zoneOfRecord({ parameters, known }: Base): DnsName | null {
  const text = (parameters.get('plid') ?? '').trim();
  return known.passedOver.has(text) ? null : zoneName(text, known.zones);
}

function recordForm(base: Base): PanelEvent {
  const { records } = base.dialect;
  const zone = zoneOfRecord(base);
  if (zone === null) return nothing;
  const key = base.parameters.get('elid') ?? '';
  // If the edited row has an owner name that is not a valid DNS name, there is no known record for it. So the
  // saved record counts as a new one.
  const elid = base.known.passedOverIn(zone).has(key) ? '' : key;
  const given = formOf(base);
  if (isPanelsOwn(records, elid, given)) return nothing;
  const place = { zone, records, known: base.known.zones };
  // Only `resolve` checks the form, and the engine calls it only for zones whose edits are sent to the
  // central. For other zones, only the panel checks the form.
  const resolve = (known: readonly KnownRecord[]): Resolution =>
    elid === '' ? created(given, place) : changed(elid, given, known, place);
  const names = elid === '' ? [] : namesMeant(elid, place);
  return { kind: 'edits', edits: [{ kind: 'records', ...eventBase(base, zone), names, resolve }] };
}

/**
 * Whether the edit concerns an existing SOA or DNSSEC record and leaves it such a record. Such an edit is
 * made in the panel only (docs/adoption.md, row 21).
 */
function isPanelsOwn({ typeOfKey, ownTypes }: RecordDialect, key: string, given: Cells): boolean {
  const isOwn = (type: string): boolean => ownTypes.has(type.toUpperCase());
  const type = (given['rtype'] ?? '').trim();
  return isOwn(typeOfKey(key) ?? '') && (type === '' || isOwn(type));
}

/** The fields of the record form that the call contains. */
function formOf({ parameters, dialect }: Base): Cells {
  const form: Record<string, string> = {};
  for (const field of dialect.records.formFields) {
    const value = parameters.get(field);
    if (value !== undefined) form[field] = value;
  }
  return form;
}

function created(given: Cells, place: KeyContext): Resolution {
  const made = tryRecord(given, place);
  return made.kind === 'record' ? { kind: 'items', items: [{ remove: null, add: made.record }] } : made;
}

/**
 * Finds what the edit of an existing record removes and adds. A field that the call does not contain keeps
 * the value of the known record (docs/protocol.md#partial-forms).
 */
function changed(elid: string, given: Cells, known: readonly KnownRecord[], place: KeyContext): Resolution {
  const match = matchKey(elid, known, place);
  const found = match.kind === 'records' ? match.records[0]?.known : undefined;
  if (found === undefined) return unknownKey(elid);
  const old = found.record;
  // The form contains the record's name as the panel spells it, so this spelling is needed to parse the form.
  const spelled = withNamesOf(place.known, [found]);
  const made = tryRecord(() => place.records.overOld(old, given), { ...place, known: spelled });
  if (made.kind !== 'record') return made;
  const stays = !sameData(old, made.record) && staysInPanel(found, [elid]);
  const items = stays
    ? [stayingItem(old), { remove: null, add: made.record }]
    : [{ remove: old, add: made.record }];
  return { kind: 'items', items };
}

type Made =
  | { readonly kind: 'record'; readonly record: ResourceRecord }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

function tryRecord(form: Cells | (() => Cells), { zone, known, records }: KeyContext): Made {
  return validOrElse(
    (): Made => {
      const record = records.fromForm(typeof form === 'function' ? form() : form, { zone, known });
      if (isWithin(record.name, zone)) return { kind: 'record', record };
      return { kind: 'invalid', problems: [problem('name.out-of-zone', { name: record.name, zone })] };
    },
    ({ problems }) => ({ kind: 'invalid', problems }),
  );
}

function unknownKey(key: string): Resolution {
  return { kind: 'unknown-key', problems: [problem('record.unknown-key', { key })] };
}

function recordDelete(base: Base): PanelEvent {
  const zone = zoneOfRecord(base);
  const elid = identifiers(base);
  if (zone === null || elid === '' || base.known.passedOverIn(zone).has(elid)) return nothing;
  const place = { zone, records: base.dialect.records, known: base.known.zones };
  const resolve = (known: readonly KnownRecord[]): Resolution => {
    const match = matchKeys(elid, known, place);
    if (match.kind === 'unknown') return unknownKey(elid);
    if (match.kind === 'too-many') return { kind: 'invalid', problems: [problem('record.too-many-keys')] };
    if (match.kind === 'ambiguous')
      return { kind: 'invalid', problems: [problem('record.ambiguous-keys', { keys: elid })] };
    return { kind: 'items', items: removals(match.records) };
  };
  const names = namesMeant(elid, place);
  return { kind: 'edits', edits: [{ kind: 'records', ...eventBase(base, zone), names, resolve }] };
}

/**
 * The items of a delete, one for each record. If another row of the panel contains the same record, the
 * record stays.
 */
function removals(matched: readonly Matched[]): EditItem[] {
  return [...Map.groupBy(matched, ({ known }) => known)].map(([known, taken]) => {
    const stays = staysInPanel(
      known,
      taken.map(({ key }) => key),
    );
    return stays ? stayingItem(known.record) : { remove: known.record, add: null };
  });
}

/**
 * The item for a record that another row of the panel may contain too. The item changes nothing, but the
 * engine looks afterwards whether the panel still has the record.
 */
function stayingItem(record: ResourceRecord): EditItem {
  return { remove: record, add: record };
}

/** Encodes a verdict as an XML document without an HTTP header (docs/protocol.md#handlers-4). */
export function encode(verdict: Verdict, text: string, { calls }: PanelDialect): HookReply {
  const body = verdict.kind === 'accept' ? '<doc/>' : `<doc>${calls.error(text, '')}</doc>`;
  return { output: `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n` };
}
