/**
 * Shortest time (ms) for which a hook waits for its answer, from its start. The hook script gives up after 15
 * s (`plugin/common/domainsync`), the hook program after 14 s.
 */
export const hookWaits = 14_000;

/** An edit that has less time left than this (ms) is refused before it is written. */
export const leastTime = 250;
