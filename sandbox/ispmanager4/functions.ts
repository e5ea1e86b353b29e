import { DOMAIN_FUNCTIONS } from './domains.ts';
import { SERVICE_FUNCTIONS } from '../shared/functions/services.ts';
import { SESSION_FUNCTIONS } from '../shared/functions/session.ts';
import { RECORD_FUNCTIONS } from './record-functions.ts';
import { USER_FUNCTIONS } from '../shared/functions/users.ts';
import type { PanelFunction } from '../shared/functions/common.ts';

/**
 * All functions of ISPmanager 4, by name (docs/protocol.md#functions-4, #login). `auth` is left out, because
 * it needs no login.
 */
export const ISPMANAGER4_FUNCTIONS: ReadonlyMap<string, PanelFunction> = new Map(
  Object.entries({
    ...DOMAIN_FUNCTIONS,
    ...RECORD_FUNCTIONS,
    ...SERVICE_FUNCTIONS,
    ...USER_FUNCTIONS,
    ...SESSION_FUNCTIONS,
  }),
);
