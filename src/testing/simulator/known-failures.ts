/**
 * Stories in `stories/` that still break a law. Each entry names the law, and the seeds that showed the fault
 * when the story was recorded. If such a story no longer breaks a law, the test fails, and its entry here has
 * to be removed.
 */
export const knownFailures: Readonly<Record<string, { readonly law: string; readonly seeds: string }>> = {
  'record-that-came-back-late-and-that-somebody-replaced': { law: 'alone.foreign', seeds: 'crowd 990571' },
  'edits-around-a-zone-that-the-provider-makes-again': { law: 'agreement.record', seeds: 'unheard 990748' },
  'alias-in-place-of-a-record-that-another-edit-brings': { law: 'agreement.record', seeds: 'users 991404' },
};
