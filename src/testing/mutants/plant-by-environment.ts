/** For `node --import`: plants the patch that the environment holds as JSON. */
import { plant, type Patch } from './patch.ts';

const patch: Patch = JSON.parse(process.env['DOMAINSYNC_PATCH'] ?? 'null');
plant(patch);
