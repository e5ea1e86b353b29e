import type { ZoneSeed } from '../../core/central.ts';
import type { Cells, RecordDialect } from '../../net/ispmanager/record-dialect.ts';

/** A zone to be made, and what the panel's own form proposes for it. */
export interface NewZoneRequest {
  /** In the panel's spelling. */
  readonly name: string;
  readonly seed: ZoneSeed;
  /** The value the form shows in a field; `undefined`: it has no such field. */
  readonly proposed: (field: string) => string | undefined;
}

/** What the generations of the panel do differently, as a central. */
export interface CentralDialect extends RecordDialect {
  /** What tells the kind of an error (docs/protocol.md#errors-4, #errors-5). */
  readonly errorSpelling: 'type' | 'code';
  /** Fields of the form for a new zone, without `elid` and `sok`. */
  readonly newZone: (request: NewZoneRequest) => Cells;
}
