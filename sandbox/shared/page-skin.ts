import type { FormPage } from './page-form.ts';
import type { Frame } from './page-html.ts';
import type { Lang } from './page-texts.ts';
import type { ListView, View } from './page-views.ts';

/** A row as a list shows it. */
export interface ListRow {
  /** Identifier of the row. */
  readonly key: string;
  readonly cells: ReadonlyMap<string, string>;
}

/** A list with everything its HTML needs. */
export interface ListPage {
  readonly lang: Lang;
  readonly func: string;
  readonly view: ListView;
  readonly rows: readonly ListRow[];
  /** Parameters that say in whose list this is: `plid`, or none. */
  readonly parent: Readonly<Record<string, string>>;
  /** Proves that a post comes from this page. */
  readonly token: string;
  readonly error: string | null;
}

/** How the pages of one generation look, and what they send along. */
export interface Skin {
  readonly views: Readonly<Record<string, View>>;
  /** Menu groups of the panel itself: heading (a text's name, empty: none) and functions. */
  readonly menu: readonly {
    readonly label: string;
    readonly funcs: readonly string[];
    readonly isAdmin?: boolean;
  }[];
  /**
   * Which of a plugin's menus is shown, and what its texts begin with, best first
   * (docs/protocol.md#description-4, #description-5).
   */
  readonly pluginMenu: { readonly kind: 'main' | 'modern'; readonly texts: readonly string[] };
  /** Added to whatever is saved or done by a page (docs/protocol.md#parameters). */
  readonly noise: Readonly<Record<string, string>>;
  /** Whether rows' names are sent along as `elname`. */
  readonly sendsNames: boolean;
  /** A text of the pages; `func` says where it stands. */
  readonly text: (name: string, lang: Lang, func?: string) => string;
  readonly list: (page: ListPage) => string;
  readonly form: (page: FormPage) => string;
  readonly frame: (frame: Frame, content: string) => string;
  readonly login: (panel: string, lang: Lang, wrong: boolean) => string;
  readonly alert: (message: string) => string;
}
