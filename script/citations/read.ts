/** A section of a page of docs/ that a text cites. */
export interface Citation {
  readonly page: string;
  readonly anchor: string;
}

/** Anchors of the headings of a Markdown page, as GitHub makes them. Pure. */
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

/** Citations `docs/page.md#one, #two`: each anchor after the first is of the same page. Pure. */
export function citationsOf(text: string): readonly Citation[] {
  return [...text.matchAll(/(docs\/[\w/-]+\.md)((?:(?:, )?#[\p{L}\p{N}_-]+)+)/gu)].flatMap(
    ([, page = '', anchors = '']) =>
      anchors
        .split(/,? ?#/u)
        .slice(1)
        .map((anchor) => ({ page, anchor })),
  );
}

/** Citations of documents that the repository lacks: a numbered reference, a section of a design. Pure. */
export function outsideOf(text: string): readonly string[] {
  return [
    ...text.matchAll(
      /\breferences? \d[\d.]*|[(,] ?design(?:: ?"|,? section \d)[^)\n]*|\bdesign section \d/gu,
    ),
  ].map(([said]) => said);
}
