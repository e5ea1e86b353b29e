/**
 * Stories of `stories/` that the engine still breaks: the law, and the seeds that told it when each was
 * recorded. The test of stories fails when one of them keeps the laws: then it is taken off this list.
 */
export const knownFailures: Readonly<Record<string, { readonly law: string; readonly seeds: string }>> = {};
