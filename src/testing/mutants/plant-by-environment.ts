/** For `node --import`: plants the patch in the environment variable `DOMAINSYNC_PATCH` (JSON). */
import { plant, type Patch } from './patch.ts';

const patch: Patch = JSON.parse(process.env['DOMAINSYNC_PATCH'] ?? 'null');
plant(patch);
