/**
 * Why a law does not apply, by id. Each excuse names its case in docs/adoption.md: a row of the table (`row 6`), or a heading.
 */
export const excuses = {
  /** It stood on one side only, or differently, before we came. */
  old: 'row 5',
  /** Somebody wrote or removed it at the central, or the panel changed it without a DNS event. */
  meddled: 'row 12',
  /** The central refused a record that a comparison or a first send wanted there. */
  'refused-addition': 'row 22',
  /** A create that was given up landed before the user tried again. */
  'late-create': 'row 19',
  /** Somebody wrote the same as a request of ours whose answer got lost. */
  'same-data': 'The same data',
  /** Somebody wrote it between our last read and our request. */
  unread: 'Between a read and a write',
  /** Somebody wrote it while our request was on its way. */
  crossed: 'While a request is on its way',
  /** The central cannot show whole zones, and the zone is deleted. */
  'not-shown': 'Not shown',
  /** Two equal edits were asked about at once: which operation is whose cannot be told. */
  twins: 'Two equal edits at once',
  /** Another edit, which was accepted, wants the record as the refused one left it. */
  claimed: 'Wanted by another edit',
} as const;

export type ExcuseId = keyof typeof excuses;
