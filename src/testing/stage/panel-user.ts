import type { Answer, Sandbox } from '../../../sandbox/index.ts';
import { keyOf, saveClick, type Wanted, type Words } from './panel-words.ts';

/** Calls a panel function as a user, like a click on a page. */
export type Act = (func: string, params: Readonly<Record<string, string>>) => Promise<Answer>;

type More = Readonly<Record<string, string>>;

/**
 * A user of a panel. The methods call the functions by their names in that panel's generation. `more`:
 * further parameters.
 */
export interface PanelUser {
  readonly act: Act;
  readonly words: Words;
  makeZone(name: string, more?: More): Promise<Answer>;
  dropZone(name: string, more?: More): Promise<Answer>;
  /** Saves a new record. */
  save(zone: string, record: Wanted, more?: More): Promise<Answer>;
  /** Replaces a record. @throws Error when the panel does not have `from` */
  change(zone: string, from: Wanted, to: Wanted, more?: More): Promise<Answer>;
  /** Removes several records with one click. @throws Error when the panel does not have one of them */
  remove(zone: string, ...records: readonly Wanted[]): Promise<Answer>;
  /** Opens the form for a new record. */
  open(zone: string): Promise<Answer>;
}

/** Makes a user. @param panel returns the panel as it runs now, because a restart makes a new object */
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
