declare const DOMAINSYNC_VERSION: string | undefined;

/** The version that the sources have when they are run without being bundled. */
const sources = '0.0.0-source';

/** The version of this program. `script/build.ts` sets it in bundles. */
export const version = typeof DOMAINSYNC_VERSION === 'string' ? DOMAINSYNC_VERSION : sources;

/** Whether this program is the sources themselves, and no bundle of a release. */
export const isFromSources = version === sources;
