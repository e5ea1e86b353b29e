import type { FormPage } from './page-form.ts';
import type { Frame } from './page-html.ts';
import type { Lang } from './page-texts.ts';
import type { ListView, View } from './page-views.ts';

/** A row of a list. */
export interface ListRow {
  /** Identifier of the row. */
  readonly key: string;
  readonly cells: ReadonlyMap<string, string>;
}

/** What the HTML of a list is made from. */
export interface ListPage {
  readonly lang: Lang;
  readonly func: string;
  readonly view: ListView;
  readonly rows: readonly ListRow[];
  /** Parameters that name the element whose list this is: `plid`, or none. */
  readonly parent: Readonly<Record<string, string>>;
  /** A token that proves that a POST comes from this page. */
  readonly token: string;
  readonly error: string | null;
}

/** What the pages of a generation look like, and which parameters they add to calls. */
export interface Skin {
  readonly views: Readonly<Record<string, View>>;
  /**
   * The panel's own menu groups. `label` is the name of the heading's text (empty: no heading); `funcs` are
   * the functions in the group.
   */
  readonly menu: readonly {
    readonly label: string;
    readonly funcs: readonly string[];
    readonly isAdmin?: boolean;
  }[];
  /**
   * Which menu of plugins is shown; and the possible prefixes of its texts' names, the best one first
   * (docs/protocol.md#description-4, #description-5).
   */
  readonly pluginMenu: { readonly kind: 'main' | 'modern'; readonly texts: readonly string[] };
  /** Parameters that the pages add to every save or action (docs/protocol.md#parameters). */
  readonly noise: Readonly<Record<string, string>>;
  /** Whether the pages send the names of the rows in `elname`. */
  readonly sendsNames: boolean;
  /** Returns a text of the pages. `func`: the function whose page needs the text. */
  readonly text: (name: string, lang: Lang, func?: string) => string;
  readonly list: (page: ListPage) => string;
  readonly form: (page: FormPage) => string;
  readonly frame: (frame: Frame, content: string) => string;
  readonly login: (panel: string, lang: Lang, wrong: boolean) => string;
  readonly alert: (message: string) => string;
}
