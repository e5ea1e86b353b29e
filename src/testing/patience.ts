/**
 * Longest wait (ms) of a test for something that must happen. It only ends a hang, so it is long enough for a
 * machine under load.
 */
export const patience = 120_000;
