declare const DOMAINSYNC_VERSION: string | undefined;

/** The version of the sources when they run without being bundled. */
const sources = '0.0.0-source';

/** The version of this program. `script/build.ts` sets it in bundles. */
export const version = typeof DOMAINSYNC_VERSION === 'string' ? DOMAINSYNC_VERSION : sources;

/** Whether this program runs from the sources, not from a bundle of a release. */
export const isFromSources = version === sources;
