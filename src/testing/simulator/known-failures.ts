/**
 * Stories in `stories/` that still break a law. Each entry names the law, and the seeds that showed the fault
 * when the story was recorded. If such a story no longer breaks a law, the test fails, and its entry here has
 * to be removed.
 */
export const knownFailures: Readonly<Record<string, { readonly law: string; readonly seeds: string }>> = {};
