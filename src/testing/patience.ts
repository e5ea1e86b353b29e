/**
 * Longest time that a test waits for something that must happen, milliseconds. It only ends a hang, so it is
 * long enough for a machine under load.
 */
export const patience = 120_000;
