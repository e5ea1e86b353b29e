import { SESSION_FUNCTIONS } from '../shared/functions/session.ts';
import { DEFAULT_FUNCTIONS } from './defaults.ts';
import { zoneFunctions } from './domains.ts';
import { MAIL_FUNCTIONS } from './mail.ts';
import { RECORD_FUNCTIONS } from './record-functions.ts';
import { ISPMANAGER5_USER_FUNCTIONS } from './users.ts';
import { webFunctions } from './web.ts';
import type { PanelFunction } from '../shared/functions/common.ts';
import type { Generation } from '../shared/dialects.ts';

/** The functions of ISPmanager 5/6 and DNSmanager 5/6 (docs/protocol.md#functions-5, #dnsmanager). */
export function ispmanager5Functions(generation: Generation): ReadonlyMap<string, PanelFunction> {
  const isDnsmgr = generation === 'dnsmgr';
  const dns = {
    ...zoneFunctions(isDnsmgr),
    ...RECORD_FUNCTIONS,
    ...DEFAULT_FUNCTIONS,
    ...ISPMANAGER5_USER_FUNCTIONS,
    ...SESSION_FUNCTIONS,
  };
  const hosting = isDnsmgr ? {} : { ...webFunctions(generation === 'v6'), ...MAIL_FUNCTIONS };
  return new Map(Object.entries({ ...dns, ...hosting }));
}
