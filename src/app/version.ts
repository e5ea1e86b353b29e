declare const DOMAINSYNC_VERSION: string | undefined;

/** The version of this program; set when it is bundled (`script/build.ts`). */
export const version = typeof DOMAINSYNC_VERSION === 'string' ? DOMAINSYNC_VERSION : '0.0.0-source';
