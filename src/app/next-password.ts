import { problem } from '../dns/problem.ts';

/**
 * Tells an administrator that domainsync uses the next password, which should now replace the first one in
 * the settings.
 */
export const nextPassword = problem('settings.next-password', {});
