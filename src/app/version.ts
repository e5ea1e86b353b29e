declare const DOMAINSYNC_VERSION: string | undefined;

/** The version of this program. `script/build.ts` sets it in bundles. */
export const version = typeof DOMAINSYNC_VERSION === 'string' ? DOMAINSYNC_VERSION : '0.0.0-source';
