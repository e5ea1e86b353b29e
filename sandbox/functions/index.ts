import { DOMAIN_FUNCTIONS } from './domain.ts';
import { SERVICE_FUNCTIONS } from './services.ts';
import { SESSION_FUNCTIONS } from './session.ts';
import { SUBLIST_FUNCTIONS } from './sublist.ts';
import { USER_FUNCTIONS } from './users.ts';
import type { PanelFunction } from './common.ts';

/** Functions of the panel itself, by name (reference 6.1, 3.1); `auth` needs no login and is not among them. */
export const FUNCTIONS: ReadonlyMap<string, PanelFunction> = new Map(
  Object.entries({
    ...DOMAIN_FUNCTIONS,
    ...SUBLIST_FUNCTIONS,
    ...SERVICE_FUNCTIONS,
    ...USER_FUNCTIONS,
    ...SESSION_FUNCTIONS,
  }),
);
