import * as v from 'valibot';

/** Schemas of events that concern the panel's host as a whole. */
export const hostSchemas = [
  /** Somebody takes an image of the host: its panel, and the journals of its agent. */
  v.strictObject({ kind: v.literal('host-copied') }),
  /** The image is started on another machine, beside the original. Only one copy is ever started. */
  v.strictObject({ kind: v.literal('copy-started') }),
  /** An operator shuts the original down for good, and accepts the journal on the copy. */
  v.strictObject({ kind: v.literal('copy-accepted') }),
] as const;
