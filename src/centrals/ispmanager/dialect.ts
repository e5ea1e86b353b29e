import type { ZoneSeed } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Parameters } from './api.ts';
import type { Row } from './lists.ts';

/** A zone to be made, and what the panel's own form proposes for it. */
export interface NewZoneWish {
  /** In the panel's spelling. */
  readonly name: string;
  readonly seed: ZoneSeed;
  /** The value the form shows in a field; `undefined`: it has no such field. */
  readonly proposed: (field: string) => string | undefined;
}

/** What the generations of the panel do differently with records (reference section 15). */
export interface Dialect {
  readonly recordList: string;
  readonly recordEdit: string;
  readonly recordDelete: string;
  /** The identifier of a row of the record list, verbatim; empty when it has none. */
  readonly keyOf: (row: Row) => string;
  /** Types the panel makes by itself: left out of lists, never written. */
  readonly ownTypes: ReadonlySet<string>;
  readonly recordTypes: ReadonlySet<string>;
  readonly carriesTtl: boolean;
  /** @throws {DnsDataError} when not even name and type can be read */
  readonly record: (row: Row, zone: DnsName) => ResourceRecord;
  /** The documented fields of the form. @throws {DnsDataError} when there is no form for the record */
  readonly form: (record: ResourceRecord) => Parameters;
  /** Whether the form can carry the record so that the list shows the same one. */
  readonly holds: (record: ResourceRecord, zone: DnsName) => boolean;
  /** Fields of the form for a new zone, without `elid` and `sok`. */
  readonly newZone: (wish: NewZoneWish) => Parameters;
}
