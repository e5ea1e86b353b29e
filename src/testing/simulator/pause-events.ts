import * as v from 'valibot';
import { milliseconds, zone } from './event-parts.ts';

/** Schemas of the events of administrators: pauses, and requests for a comparison. */
export const pauseSchemas = [
  /** A pause begins, or the present pause gets a new end. `lasts` null: it lasts until somebody ends it. */
  v.strictObject({ kind: v.literal('pause'), lasts: v.nullable(milliseconds) }),
  /** The pause ends, if there is one. `command`: by `resume`. `removed`: somebody removes its file. */
  v.strictObject({ kind: v.literal('pause-over'), how: v.picklist(['command', 'removed']) }),
  /** An administrator asks for a comparison of a zone; null: of all zones. */
  v.strictObject({ kind: v.literal('comparison'), zone: v.nullable(zone) }),
] as const;
