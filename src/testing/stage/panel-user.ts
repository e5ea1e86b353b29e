import type { Answer, Sandbox } from '../../../sandbox/index.ts';
import { keyOf, saveClick, type Wanted, type Words } from './panel-words.ts';

/** One click of a user in a panel. */
export type Act = (func: string, params: Readonly<Record<string, string>>) => Promise<Answer>;

type More = Readonly<Record<string, string>>;

/**
 * Somebody with an account, in the words of the panel he sits at. `more` are further parameters of the call.
 */
export interface PanelUser {
  readonly act: Act;
  readonly words: Words;
  makeZone(name: string, more?: More): Promise<Answer>;
  dropZone(name: string, more?: More): Promise<Answer>;
  /** A new record. */
  save(zone: string, record: Wanted, more?: More): Promise<Answer>;
  /** @throws Error when the panel has no such record */
  change(zone: string, from: Wanted, to: Wanted, more?: More): Promise<Answer>;
  /** Several records with one click, as a list with marks does it. @throws Error when one is not there */
  remove(zone: string, ...records: readonly Wanted[]): Promise<Answer>;
  /** Opens the form of a new record. */
  open(zone: string): Promise<Answer>;
}

/** @param panel the panel as it is at that moment; it may have been started anew */
export function userAt(
  panel: () => Sandbox,
  words: Words,
  { name: user, password }: { readonly name: string; readonly password: string },
): PanelUser {
  const act: Act = (func, params) => panel().call(func, params, { user, password });
  return {
    act,
    words,
    makeZone: (name, more = {}) =>
      act('domain.edit', { elid: '', name, ip: '192.0.2.80', sok: 'ok', ...more }),
    dropZone: (name, more = {}) => act('domain.delete', { elid: name, sok: 'ok', ...more }),
    save: (zone, record, more = {}) => {
      const { func, params } = saveClick(words, zone, record);
      return act(func, { ...params, ...more });
    },
    change: (zone, from, to, more = {}) => {
      const { func, params } = saveClick(words, zone, to, keyOf(panel(), zone, from));
      return act(func, { ...params, ...more });
    },
    remove: (zone, ...records) => {
      const keys = records.map((record) => keyOf(panel(), zone, record));
      return act(words.remove, { plid: zone, elid: keys.join(', ') });
    },
    open: (zone) => act(words.save, { plid: zone, elid: '' }),
  };
}
