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

/** What a list's HTML is made from. */
export interface ListPage {
  readonly lang: Lang;
  readonly func: string;
  readonly view: ListView;
  readonly rows: readonly ListRow[];
  /** Parameters that name the element whose list this is: `plid`, or none. */
  readonly parent: Readonly<Record<string, string>>;
  /** Token that proves that a post comes from this page. */
  readonly token: string;
  readonly error: string | null;
}

/** Appearance of the pages of a generation, and the parameters that they add. */
export interface Skin {
  readonly views: Readonly<Record<string, View>>;
  /**
   * Menu groups of the panel itself. `label` is the name of the heading's text (empty: no heading), `funcs`
   * are the functions.
   */
  readonly menu: readonly {
    readonly label: string;
    readonly funcs: readonly string[];
    readonly isAdmin?: boolean;
  }[];
  /**
   * The plugin menu that is shown, and the beginnings of its texts' names, the best first
   * (docs/protocol.md#description-4, #description-5).
   */
  readonly pluginMenu: { readonly kind: 'main' | 'modern'; readonly texts: readonly string[] };
  /** Parameters that pages add to every save or action (docs/protocol.md#parameters). */
  readonly noise: Readonly<Record<string, string>>;
  /** Whether the names of the rows are sent in `elname`. */
  readonly sendsNames: boolean;
  /** A text of the pages. `func` is the function whose page needs it. */
  readonly text: (name: string, lang: Lang, func?: string) => string;
  readonly list: (page: ListPage) => string;
  readonly form: (page: FormPage) => string;
  readonly frame: (frame: Frame, content: string) => string;
  readonly login: (panel: string, lang: Lang, wrong: boolean) => string;
  readonly alert: (message: string) => string;
}
