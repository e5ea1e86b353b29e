/** A citation of a section in a page of docs/. */
export interface Citation {
  readonly page: string;
  readonly anchor: string;
}

/** A link of a Markdown page into the repository. */
export interface PageLink {
  /** Path as written: relative to the folder of the page, empty for the page itself. */
  readonly path: string;
  readonly anchor: string | null;
}

/** A Markdown page without its blocks of code. Pure. */
function prose(markdown: string): string {
  return markdown.replaceAll(/^(```|~~~).*?^\1 *$/gmsu, '');
}

/** Finds the links and images of a Markdown page that do not lead to another host. Pure. */
export function linksOf(markdown: string): readonly PageLink[] {
  const targets = [
    ...prose(markdown)
      .replaceAll(/`[^`\n]*`/gu, '')
      .matchAll(/\]\(([^)\s]+)\)/gu),
  ].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/iu.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#', 2);
      return { path, anchor: anchor ?? null };
    });
}

/** The anchors that GitHub makes for the headings of a Markdown page. Pure. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...prose(markdown).matchAll(/^#{1,6} +(.+?) *$/gmu)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/**
 * Finds all citations of the form `docs/page.md#one, #two`. Anchors after the first belong to the same page.
 * Pure.
 */
export function citationsOf(text: string): readonly Citation[] {
  return [...text.matchAll(/(docs\/[\w/-]+\.md)((?:(?:, )?#[\p{L}\p{N}_-]+)+)/gu)].flatMap(
    ([, page = '', anchors = '']) =>
      anchors
        .split(/,? ?#/u)
        .slice(1)
        .map((anchor) => ({ page, anchor })),
  );
}

/**
 * Finds citations of documents outside the repository: a numbered reference, or a section of a design. Pure.
 */
export function outsideOf(text: string): readonly string[] {
  return [
    ...text.matchAll(
      /\breferences? \d[\d.]*|[(,] ?design(?:: ?"|,? section \d)[^)\n]*|\bdesign section \d/gu,
    ),
  ].map(([said]) => said);
}
