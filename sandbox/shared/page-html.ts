import type { Lang } from './page-texts.ts';

/** Escapes a text for HTML content and attributes. */
export function escapeHtml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export interface MenuEntry {
  readonly func: string;
  readonly label: string;
}

export interface MenuGroup {
  /** Heading of the group; empty: none. */
  readonly label: string;
  readonly entries: readonly MenuEntry[];
}

export interface Frame {
  readonly lang: Lang;
  /** The panel's name. */
  readonly panel: string;
  readonly heading: string;
  readonly user: string;
  readonly func: string;
  readonly menu: readonly MenuGroup[];
}
