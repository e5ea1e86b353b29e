import type { ZoneSeed } from '../../core/central.ts';
import type { Cells, RecordDialect } from '../../net/ispmanager/record-dialect.ts';

/** A zone to create, and the values that the panel's own form proposes for it. */
export interface NewZoneRequest {
  /** The zone's name in the panel's spelling. */
  readonly name: string;
  readonly seed: ZoneSeed;
  /** The value that the form shows in a field; `undefined`: the form has no such field. */
  readonly proposed: (field: string) => string | undefined;
}

/** How one version of the panel (4, or 5/6) behaves as a central. */
export interface CentralDialect extends RecordDialect {
  /** The attribute that holds the kind of an error (docs/protocol.md#errors-4, #errors-5). */
  readonly errorSpelling: 'type' | 'code';
  /** The fields of the form for a new zone, without `elid` and `sok`. */
  readonly newZone: (request: NewZoneRequest) => Cells;
}
