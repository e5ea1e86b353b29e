import type { Generation, Profile } from './profile.ts';
import { v4 } from './v4.ts';
import { coreProfile } from './core/profile.ts';

export const PROFILES: Readonly<Record<Generation, Profile>> = {
  v4,
  v5: coreProfile('v5'),
  v6: coreProfile('v6'),
  dnsmgr: coreProfile('dnsmgr'),
};
