import type { DnsName, Origin } from '../../dns/name.ts';
import { problem, validOr, type DnsDataError, type Problem } from '../../dns/problem.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';

/** Columns of a list's row, or fields of a form, by their names. */
export type Cells = Readonly<Record<string, string>>;

/**
 * How one generation of the panel lists, edits and identifies records (docs/protocol.md#record-form-4,
 * #record-form-5). Its functions are pure.
 */
export interface RecordDialect {
  readonly recordList: string;
  readonly recordEdit: string;
  readonly recordDelete: string;
  /** Types that the panel has a form for. */
  readonly recordTypes: ReadonlySet<string>;
  /**
   * Types that the panel or its DNSSEC engine makes by itself. Lists leave them out, and they are never
   * written.
   */
  readonly ownTypes: ReadonlySet<string>;
  /** Whether each record has its own TTL. */
  readonly carriesTtl: boolean;
  /** Names of the fields of the record form. */
  readonly formFields: readonly string[];
  /** The identifier of a list's row, unchanged; empty if the row has none. */
  readonly keyOf: (row: Cells) => string;
  /**
   * The record of a row; an opaque one if its data cannot be understood.
   * @throws {DnsDataError} if name or type cannot be read
   */
  readonly record: (row: Cells, zone: Origin) => ResourceRecord;
  /** The fields of the form for a record. @throws {DnsDataError} if the panel has no form for it */
  readonly form: (record: ResourceRecord) => Cells;
  /**
   * The record that filled-in fields mean.
   * @throws {DnsDataError} with every problem, control characters included
   */
  readonly fromForm: (form: Cells, zone: Origin) => ResourceRecord;
  /**
   * The whole form of a changed record when only some fields were sent: an absent one keeps its value
   * (docs/protocol.md#partial-forms).
   */
  readonly overOld: (old: ResourceRecord, given: Cells) => Cells;
  /**
   * The record that an identifier describes; `null` if the text is no identifier.
   * @throws {DnsDataError} if the identifier describes no valid record
   */
  readonly fromKey: (key: string, zone: Origin) => ResourceRecord | null;
  /** The type in an identifier, as it is spelled there; `null` if the text is no identifier. */
  readonly typeOfKey: (key: string) => string | null;
  /**
   * Identifiers that the panel may show for a record. They are used to match, and never sent
   * (docs/protocol.md#record-keys-4, #record-list-5).
   */
  readonly likelyKeys: (record: ResourceRecord, zone: DnsName) => readonly string[];
  /** Whether a record that is saved by the form comes back unchanged in the list. */
  readonly holds: (record: ResourceRecord, zone: DnsName) => boolean;
}

/**
 * Whether a record's form, read back, gives the same record; false if there is no such form.
 * @param readBack makes the form and reads it. @throws {DnsDataError}
 */
export function comesBack(record: ResourceRecord, readBack: () => ResourceRecord): boolean {
  return validOr(() => sameData(readBack(), record), false);
}

/** Problems of a name that cannot exist in any zone, however it is spelled. */
const impossible = /^name\.(?:empty-label|label-too-long|too-long|bad-escape)$/u;

/** Whether a row's name is one that no name server could serve, so that the row stands for no record. */
export function hasImpossibleName({ problems }: DnsDataError): boolean {
  return problems.some(({ code }) => impossible.test(code));
}

/**
 * Finds fields with a control character (a line break, a tab), which a panel does not accept
 * (docs/compatibility.md, A47).
 * @param text name of the field that holds a text as it is. In the other fields white space at the ends
 *   does not count.
 */
export function controlCharacters(
  form: Readonly<Record<string, string | undefined>>,
  text: string | null,
): Problem[] {
  return Object.entries(form).flatMap(([field, value = '']) =>
    /\p{Cc}/u.test(field === text ? value : value.trim())
      ? [problem('record.control-character', { field })]
      : [],
  );
}
