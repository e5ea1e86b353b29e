import type { DnsName, Origin } from '../../dns/name.ts';
import { problem, validOr, type DnsDataError, type Problem } from '../../dns/problem.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';

/** The columns of a row in a list, or the fields of a form, by name. */
export type Cells = Readonly<Record<string, string>>;

/**
 * How one generation of the panel lists, edits and identifies records (docs/protocol.md#record-form-4,
 * #record-form-5). All functions are pure.
 */
export interface RecordDialect {
  readonly recordList: string;
  readonly recordEdit: string;
  readonly recordDelete: string;
  /** Types for which the panel has a form. */
  readonly recordTypes: ReadonlySet<string>;
  /**
   * Types that the panel or its DNSSEC engine makes by itself. Such records are left out of lists and never
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
   * Makes a record from a row. If the data of the row cannot be understood, the record is opaque
   * (`opaque.ts`).
   * @throws {DnsDataError} if name or type cannot be read
   */
  readonly record: (row: Cells, zone: Origin) => ResourceRecord;
  /** The fields of the form for a record. @throws {DnsDataError} if the panel has no form for it */
  readonly form: (record: ResourceRecord) => Cells;
  /**
   * Makes a record from the fields of a form.
   * @throws {DnsDataError} with every problem, including control characters
   */
  readonly fromForm: (form: Cells, zone: Origin) => ResourceRecord;
  /**
   * Completes the form of a changed record if only some fields were sent. A missing field keeps its old value
   * (docs/protocol.md#partial-forms).
   */
  readonly overOld: (old: ResourceRecord, given: Cells) => Cells;
  /**
   * Makes a record from an identifier; `null`: the text is not an identifier.
   * @throws {DnsDataError} if the identifier does not describe a valid record
   */
  readonly fromKey: (key: string, zone: Origin) => ResourceRecord | null;
  /** The type in an identifier, in its original spelling; `null`: the text is not an identifier. */
  readonly typeOfKey: (key: string) => string | null;
  /**
   * Identifiers that the panel may show for a record. They are compared with identifiers in lists and never
   * sent (docs/protocol.md#record-keys-4, #record-list-5).
   */
  readonly likelyKeys: (record: ResourceRecord, zone: DnsName) => readonly string[];
  /** Whether a record that is saved with the form appears unchanged in the list. */
  readonly holds: (record: ResourceRecord, zone: DnsName) => boolean;
}

/**
 * Whether a record stays the same if its form is made and parsed again; false if it has no form.
 * @param readBack makes the form and parses it. @throws {DnsDataError}
 */
export function comesBack(record: ResourceRecord, readBack: () => ResourceRecord): boolean {
  return validOr(() => sameData(readBack(), record), false);
}

/** Matches codes of problems that show that a name cannot exist in any zone, in whatever spelling. */
const impossible = /^name\.(?:empty-label|label-too-long|too-long|bad-escape)$/u;

/** Whether a row has a name that no name server can serve. Such a row does not stand for a record. */
export function hasImpossibleName({ problems }: DnsDataError): boolean {
  return problems.some(({ code }) => impossible.test(code));
}

/**
 * Finds fields with a control character (a line break, a tab), which a panel does not accept
 * (docs/compatibility.md, A47).
 * @param text name of the field whose text is taken unchanged. In the other fields, white space at both ends
 *   is ignored
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
