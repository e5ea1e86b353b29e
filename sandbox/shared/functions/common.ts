import { zoneIdentifier } from '../names.ts';
import { Refusal, denied, internal, missing, refusalDocument } from '../refusal.ts';
import { element } from '../xml.ts';
import type { Params } from '../params.ts';
import type { Identity, Level, Zone } from '../types.ts';
import type { Element } from '../xml.ts';
import type { World } from '../zones.ts';

/** One call of a panel function. */
export interface Call extends World {
  readonly params: Params;
  readonly caller: Identity;
}

/**
 * A function of the panel. `run` does all its work before it returns. If it throws a Refusal, nothing may be
 * half done.
 */
export interface PanelFunction {
  readonly run: (call: Call) => Element;
  /** The lowest level that may call the function. Default: 5, an ordinary user. */
  readonly minLevel?: Level;
  /**
   * Calls that the function makes inside the panel after `run` has succeeded
   * (docs/protocol.md#other-functions). `func` names the function that is called. Each call is asked for when
   * the one before it is done. What the iterator itself changes counts as the function's own work.
   */
  readonly inner?: (call: Call) => Iterator<Params, void>;
  /** Whether these calls run handlers even if the switch `fireNested` is off. */
  readonly alwaysFires?: (call: Call) => boolean;
}

export function ok(): Element {
  return element('doc', [element('ok')]);
}

/** Makes a form field as an element of the document. */
export function field(name: string, value: string): Element {
  return element(name, value);
}

/** Makes the choices of a select field: `<slist name=".."><val key="..">..</val></slist>`. */
export function options(name: string, values: readonly string[]): Element {
  const entries = values.map((value) => element('val', value, { key: value }));
  return element('slist', entries, { name });
}

/**
 * Makes the document of a form.
 * @param elid identifier of the element that is edited; empty: a new element
 */
export function form(elid: string, fields: readonly Element[]): Element {
  return element('doc', [element('elid', elid), ...fields]);
}

/**
 * Makes the document of a list. Switches may add a banner after the first row, or may end the list at
 * `recordLimit` with a banner that says so (docs/protocol.md#documents, #list-limits).
 */
export function list(call: Call, rows: readonly (readonly Element[])[], plid?: string): Element {
  const { recordLimit } = call.switches;
  const banners = call.switches.banners && call.profile.hasBanners;
  const cut = recordLimit > 0 && rows.length > recordLimit;
  const elems = (cut ? rows.slice(0, recordLimit) : rows).map((cells) => element('elem', cells));
  const [first, ...rest] = elems;
  const content: Element[] = plid === undefined ? [] : [element('plid', plid)];
  if (first !== undefined) content.push(first);
  if (banners && rest.length > 0) content.push(banner('1', 'news', 'info', 'A new version is available'));
  content.push(...rest);
  if (cut) content.push(banner('2', 'recordlimit', 'warn', `Only the first ${recordLimit} rows are shown`));
  return element('doc', content);
}

function banner(status: string, id: string, infotype: string, text: string): Element {
  return element('banner', text, { status, id, info: id, infotype });
}

/** Makes rows for the names in the switch `strayNames`. Only administrators see them. */
export function strayRows({ caller, switches }: Call): Element[][] {
  const names = caller.level === 7 ? switches.strayNames : [];
  return names.map((name) => [element('name', name)]);
}

/**
 * All zones as the caller's reads see them now. Late changes may be missing (docs/protocol.md#handlers-5,
 * #delays).
 */
export function zonesSeen(call: Call): Zone[] {
  return seesLate(call) ? call.store.visibleZones() : call.store.zones();
}

function seesLate(call: Call): boolean {
  return call.switches.lateFor === 'everyone' || call.caller.session === 'local';
}

/**
 * The zone with this identifier, if the caller may manage it.
 * @param as `read`: late changes may be missing; `write`: all changes are in it
 * @throws Refusal code 3 when the zone does not exist; 6 or 3 (switch `foreignZone`) when it belongs to
 *   another account
 */
export function findZone(call: Call, identifier: string, as: 'read' | 'write'): Zone {
  const name = zoneIdentifier(identifier);
  const zone = as === 'read' && seesLate(call) ? call.store.visibleZone(name) : call.store.zone(name);
  if (zone === undefined) throw missing('domain', name);
  if (call.access.mayManage(call.caller, zone.owner)) return zone;
  throw call.switches.foreignZone === 6 ? denied('domain') : missing('domain', name);
}

/**
 * Checks the right to the zones of a call, before any handler runs.
 * @throws Refusal like {@link findZone}, but not for zones that do not exist
 */
export function demandAccess(call: Call, func: string): void {
  if (!func.startsWith('domain.')) return;
  const named = call.params.text('plid') || call.params.text('elid');
  for (const id of named.split(', ')) {
    if (call.store.zone(zoneIdentifier(id)) !== undefined) findZone(call, id, 'write');
  }
}

/**
 * The identifiers of the elements of a group call: `elid`, split at `, ` (docs/protocol.md#parameters).
 * @throws Refusal when there is none
 */
export function elements(call: Call): string[] {
  const found = (call.params.get('elid') ?? '').split(', ').filter((one) => one !== '');
  if (found.length === 0) throw missing('elid', '');
  return found;
}

/**
 * Runs a group function for each element. What was done before a failure stays done
 * (docs/protocol.md#groups).
 * @returns `ok`, or the first failure as a document; if it were thrown, everything would be undone
 */
export function forEach(call: Call, ids: readonly string[], work: (id: string) => void): Element {
  let failure: Refusal | null = null;
  for (const id of ids) {
    try {
      if (id === call.switches.failElement) throw internal(`${id} cannot be processed`);
      work(id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failure ??= error;
      if (call.switches.groupFailure === 'stop') break;
    }
  }
  return failure === null ? ok() : refusalDocument(failure, call.switches.errorTexts);
}
