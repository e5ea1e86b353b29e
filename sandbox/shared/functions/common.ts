import { zoneIdentifier } from '../names.ts';
import { Refusal, denied, internal, missing, refusalDocument } from '../refusal.ts';
import { element } from '../xml.ts';
import type { Params } from '../params.ts';
import type { Identity, Level, Zone } from '../types.ts';
import type { Element } from '../xml.ts';
import type { World } from '../zones.ts';

/** One call of a function. */
export interface Call extends World {
  readonly params: Params;
  readonly caller: Identity;
}

/**
 * A function of the panel; `run` does its work at once and throws a Refusal with nothing left half-made by
 * itself.
 */
export interface PanelFunction {
  readonly run: (call: Call) => Element;
  /** Default 5. */
  readonly minLevel?: Level;
  /**
   * Calls of other functions it makes inside the panel once `run` succeeded (reference section 9); their
   * `func` says which. Each is asked for when the one before is done; what is done on the way to it belongs
   * to the function.
   */
  readonly inner?: (call: Call) => Iterator<Params, void>;
  /** Whether handlers of those run whatever the switch `fireNested` says. */
  readonly alwaysFires?: (call: Call) => boolean;
}

export function ok(): Element {
  return element('doc', [element('ok')]);
}

/** A field of a form. */
export function field(name: string, value: string): Element {
  return element(name, value);
}

/** A select's values: `<slist name=".."><val key="..">..</val></slist>`. */
export function options(name: string, values: readonly string[]): Element {
  const entries = values.map((value) => element('val', value, { key: value }));
  return element('slist', entries, { name });
}

/** A form document; it starts with its element's identifier, empty for a new one. */
export function form(elid: string, fields: readonly Element[]): Element {
  return element('doc', [element('elid', elid), ...fields]);
}

/**
 * A list document. With the switches: a banner after the first row, rows cut at the limit with a banner that
 * says so (docs/protocol.md#documents, #list-limits).
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

/** Rows of the list of domains whose names nobody could have given through the panel (`strayNames`). */
export function strayRows({ caller, switches }: Call): Element[][] {
  const names = caller.level === 7 ? switches.strayNames : [];
  return names.map((name) => [element('name', name)]);
}

/** All zones as the caller's reads see them now (docs/protocol.md#handlers-5, #delays). */
export function zonesSeen(call: Call): Zone[] {
  return seesLate(call) ? call.store.visibleZones() : call.store.zones();
}

function seesLate(call: Call): boolean {
  return call.switches.lateFor === 'everyone' || call.caller.session === 'local';
}

/**
 * The zone an identifier names, if the caller may have it.
 * @param as `read`: as reads see it now; `write`: as it is
 * @throws Refusal code 3 for none, code 6 or 3 (switch) for somebody else's
 */
export function findZone(call: Call, identifier: string, as: 'read' | 'write'): Zone {
  const name = zoneIdentifier(identifier);
  const zone = as === 'read' && seesLate(call) ? call.store.visibleZone(name) : call.store.zone(name);
  if (zone === undefined) throw missing('domain', name);
  if (call.access.mayManage(call.caller, zone.owner)) return zone;
  throw call.switches.foreignZone === 6 ? denied('domain') : missing('domain', name);
}

/**
 * What a panel that checks access before any handler does: a call on a foreign zone ends here.
 * @throws Refusal as {@link findZone} does; never about zones that are not there
 */
export function demandAccess(call: Call, func: string): void {
  if (!func.startsWith('domain.')) return;
  const named = call.params.text('plid') || call.params.text('elid');
  for (const id of named.split(', ')) {
    if (call.store.zone(zoneIdentifier(id)) !== undefined) findZone(call, id, 'write');
  }
}

/** Elements of a group call: `elid` cut at comma and space (docs/protocol.md#parameters). */
export function elements(call: Call): string[] {
  const found = (call.params.get('elid') ?? '').split(', ').filter((one) => one !== '');
  if (found.length === 0) throw missing('elid', '');
  return found;
}

/**
 * Does a group function element by element. What was done before a failure stays done
 * (docs/protocol.md#groups).
 * @returns `ok`, or the first failure as a document, not thrown: a thrown one undoes what the function did
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
