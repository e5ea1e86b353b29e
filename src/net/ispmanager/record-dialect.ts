import type { DnsName, Origin } from '../../dns/name.ts';
import { problem, type DnsDataError, type Problem } from '../../dns/problem.ts';
import type { ResourceRecord } from '../../dns/record.ts';

/** Columns of a row of a list, or fields of a form, by name. */
export type Cells = Readonly<Record<string, string>>;

/**
 * How one generation of the panel names, lists, edits and identifies records (reference section 15). Pure.
 */
export interface RecordDialect {
  readonly recordList: string;
  readonly recordEdit: string;
  readonly recordDelete: string;
  /** Types there is a form for. */
  readonly recordTypes: ReadonlySet<string>;
  /** Types the panel or its DNSSEC engine makes by itself: left out of lists, never written. */
  readonly ownTypes: ReadonlySet<string>;
  /** Whether each record has a TTL. */
  readonly carriesTtl: boolean;
  /** Fields of the record form. */
  readonly formFields: readonly string[];
  /** The identifier of a row of the list, verbatim; empty when it has none. */
  readonly keyOf: (row: Cells) => string;
  /**
   * The record of a row; an opaque one where the data cannot be understood. @throws {DnsDataError} without
   * readable name and type
   */
  readonly record: (row: Cells, zone: Origin) => ResourceRecord;
  /** The documented fields of the form. @throws {DnsDataError} when there is no form for the record */
  readonly form: (record: ResourceRecord) => Cells;
  /**
   * The record that filled-in fields mean. @throws {DnsDataError} with every problem, control characters
   * included
   */
  readonly fromForm: (form: Cells, zone: Origin) => ResourceRecord;
  /**
   * The whole form when only some fields were sent for a record: an absent one keeps its value
   * (docs/protocol.md#partial-forms).
   */
  readonly overOld: (old: ResourceRecord, given: Cells) => Cells;
  /**
   * The record an identifier describes. @throws {DnsDataError} when it describes none; `null` when it is no
   * identifier at all
   */
  readonly fromKey: (key: string, zone: Origin) => ResourceRecord | null;
  /** The type in an identifier, as it is spelled there; `null` when it is no identifier. */
  readonly typeOfKey: (key: string) => string | null;
  /**
   * Identifiers the panel would show for a record; for matching only (docs/protocol.md#record-keys-4,
   * #record-list-5).
   */
  readonly likelyKeys: (record: ResourceRecord, zone: DnsName) => readonly string[];
  /** Whether the form can carry the record so that the list shows the same one. */
  readonly holds: (record: ResourceRecord, zone: DnsName) => boolean;
}

/** Problems of names that cannot be in any zone, however they are spelled. */
const impossible: ReadonlySet<string> = new Set([
  'name.empty-label',
  'name.label-too-long',
  'name.too-long',
  'name.bad-escape',
]);

/** Whether a row cannot be read because no name server could serve its name: it stands for no record. */
export function hasImpossibleName({ problems }: DnsDataError): boolean {
  return problems.some(({ code }) => impossible.has(code));
}

/**
 * Fields with a control character (a line break, a tab) that a panel does not take (docs/compatibility.md,
 * A47).
 * @param text the field that holds a text as it is; of the others outer white space does not count
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
