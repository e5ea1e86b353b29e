import { problem } from '../dns/problem.ts';

/** Tells an administrator that the next password is in use, so that it has to take the place of the first. */
export const nextPassword = problem('settings.next-password', {});
