/**
 * Finds calls that the panel may parse in another way than we do, so that we do not know what it saves. Such
 * an edit is refused before it is made. If it was made all the same, the zone is compared
 * (docs/compatibility.md, A40 to A42). Pure.
 */
import { own } from '../../dns/own.ts';
import type { FunctionRole, PanelDialect } from './dialect.ts';
import { plainName, valuesOf, type Readings } from './parameters.ts';

export type CalledFunction =
  | { readonly kind: 'ours'; readonly name: string; readonly role: FunctionRole }
  /** No way of parsing gives a function that we handle. */
  | { readonly kind: 'other' }
  /**
   * Different ways of parsing give different functions. `mayEdit`: one of them is an edit, which we must be
   * able to refuse.
   */
  | { readonly kind: 'unclear'; readonly mayEdit: boolean };

/** Finds out which function the panel runs. */
export function calledFunction(readings: Readings, { functions }: PanelDialect): CalledFunction {
  const roleOf = (name: string): FunctionRole | undefined => own(functions, name);
  const [name, ...others] = new Set(valuesOf(readings, 'func'));
  if (name === undefined) {
    const acts = readings.isSaving || readings.mayHideSok;
    return acts ? { kind: 'unclear', mayEdit: true } : { kind: 'other' };
  }
  const role = roleOf(name);
  const isRead = readings.parameters.get('func') === name && others.length === 0;
  if (role !== undefined && isRead) return { kind: 'ours', name, role };
  const roles = [name, ...others].map((one) => roleOf(plainName(one))).filter((one) => one !== undefined);
  if (roles.length === 0) return { kind: 'other' };
  return { kind: 'unclear', mayEdit: roles.some((one) => !isHint(one)) };
}

function isHint(role: FunctionRole): boolean {
  return role.startsWith('hint');
}

export interface DoubtfulCall {
  readonly dialect: PanelDialect;
  readonly role: FunctionRole;
  readonly readings: Readings;
}

/**
 * The part of an edit that is unclear: the name of a parameter, or `body`. Null: everything is clear, or no
 * way of parsing gives an edit.
 */
export function doubtAbout(call: DoubtfulCall): string | null {
  const { dialect, role, readings } = call;
  if (isHint(role)) return null;
  const acts = role === 'zone-delete' || role === 'record-delete';
  if (!acts && !readings.isSaving && !mayBeSave(call)) return null;
  if (readings.isUnreadable) return 'body';
  if (!acts && !readings.isSaving) return 'sok';
  const names = ['func', 'plid', 'elid', ...namesOf(role, dialect)];
  return names.find((name) => hasSeveral(readings, name)) ?? listDoubt(call, acts);
}

/**
 * Whether the panel may save a form although we see no value of `sok`. If the panel may hide parameters from
 * us, `sok` may be just empty. Then two kinds of calls do not save. A form without values is only opened, and
 * a form with `sv_field` is only redrawn.
 */
function mayBeSave(call: DoubtfulCall): boolean {
  const { parameters, isPartial, mayHideSok } = call.readings;
  const isRedrawn = (parameters.get('sv_field') ?? '') !== '';
  return mayHideSok && (!isPartial || (!isRedrawn && hasValues(call)));
}

/** Whether the call contains something to save. */
export function hasValues({ dialect, role, readings }: DoubtfulCall): boolean {
  if (role === 'zone-delete-confirm') return true;
  const fields = role === 'record-form' ? dialect.records.formFields : ['name', 'ip'];
  return fields.some((field) => valuesOf(readings, field).some((value) => value !== ''));
}

/** Parameters that decide what is saved, besides `func`, `plid` and `elid`. */
function namesOf(role: FunctionRole, { records, groupList, hasCopies }: PanelDialect): readonly string[] {
  if (role === 'record-form') return records.formFields;
  if (role === 'zone-form') return hasCopies ? ['name', 'dtype'] : ['name'];
  return groupList === null ? [] : [groupList];
}

/**
 * Whether one source has several values of a parameter, or a value with a NUL octet. Some parsers end a value
 * at NUL.
 */
function hasSeveral({ sources }: Readings, name: string): boolean {
  return sources.some((values) => {
    const distinct = new Set(values.get(name));
    return distinct.size > 1 || [...distinct].some((value) => value.includes('\0'));
  });
}

/**
 * Returns the list parameter of a delete if it lacks the one element in `elid`, because the panel itself
 * never sends such a list. Null: the list is as expected.
 */
function listDoubt({ dialect, readings }: DoubtfulCall, acts: boolean): string | null {
  const { groupList } = dialect;
  if (!acts || groupList === null) return null;
  const one = readings.parameters.get('elid') ?? '';
  const list = readings.parameters.get(groupList) ?? '';
  const isListed = one === '' || list === '' || `, ${list}, `.includes(`, ${one}, `);
  return isListed ? null : groupList;
}
