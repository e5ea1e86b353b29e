import * as v from 'valibot';
import { milliseconds, zone } from './event-parts.ts';

/** Schemas of what an administrator does about pauses, and of comparisons that are asked for. */
export const pauseSchemas = [
  /** A pause begins, or goes on so long. `lasts` null: until somebody ends it. */
  v.strictObject({ kind: v.literal('pause'), lasts: v.nullable(milliseconds) }),
  /** The pause ends, if there is one: by a command, or because somebody removes its file. */
  v.strictObject({ kind: v.literal('pause-over'), how: v.picklist(['command', 'removed']) }),
  /** An administrator asks for a comparison of a zone; null: of all zones. */
  v.strictObject({ kind: v.literal('comparison'), zone: v.nullable(zone) }),
] as const;
