/**
 * Stories of `stories/` that still break a law: the law, and the seeds that showed it at the recording. The
 * test fails when such a story keeps the laws, and then its entry is removed.
 */
export const knownFailures: Readonly<Record<string, { readonly law: string; readonly seeds: string }>> = {};
