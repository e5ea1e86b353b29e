import type { ZoneSeed } from '../../core/central.ts';
import type { Cells, RecordDialect } from '../../net/ispmanager/record-dialect.ts';

/** A zone to be created, and what the panel's own form proposes for it. */
export interface NewZoneRequest {
  /** The zone's name in the panel's spelling. */
  readonly name: string;
  readonly seed: ZoneSeed;
  /** The value that the form shows in a field; `undefined` if the form has no such field. */
  readonly proposed: (field: string) => string | undefined;
}

/** How a generation of the panel behaves as a central. */
export interface CentralDialect extends RecordDialect {
  /** The attribute that gives the kind of an error (docs/protocol.md#errors-4, #errors-5). */
  readonly errorSpelling: 'type' | 'code';
  /** Fields of the form of a new zone, without `elid` and `sok`. */
  readonly newZone: (request: NewZoneRequest) => Cells;
}
