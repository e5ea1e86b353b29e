/**
 * Longest a test waits for something that must happen, milliseconds. It only ends a hang: no test measures by
 * it, and a machine under load may take this long for what else takes a moment.
 */
export const patience = 120_000;
