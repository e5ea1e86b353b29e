/** A citation of a section in a page of docs/. */
export interface Citation {
  readonly page: string;
  readonly anchor: string;
}

/** The anchors that GitHub makes for the headings of a Markdown page. Pure. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#{1,6} +(.+?) *$/gmu)].map(([, heading = '']) => heading);
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
