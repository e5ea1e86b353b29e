import type { Generation } from './shared/dialects.ts';
import type { Profile } from './shared/profile.ts';
import { ispmanager4Profile } from './ispmanager4/profile.ts';
import { ispmanager5Profile } from './ispmanager5/profile.ts';

export const PROFILES: Readonly<Record<Generation, Profile>> = {
  v4: ispmanager4Profile,
  v5: ispmanager5Profile('v5'),
  v6: ispmanager5Profile('v6'),
  dnsmgr: ispmanager5Profile('dnsmgr'),
};
