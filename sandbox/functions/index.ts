import { badValue } from '../refusal.ts';
import { ok } from './common.ts';
import { DOMAIN_FUNCTIONS } from './domain.ts';
import { SERVICE_FUNCTIONS } from './services.ts';
import { SUBLIST_FUNCTIONS } from './sublist.ts';
import { USER_FUNCTIONS } from './users.ts';
import type { PanelFunction } from './common.ts';

const SESSION_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  'session.delete': {
    run: (call) => {
      call.access.endSession(call.params.get('elid') ?? call.caller.session);
      return ok();
    },
  },
  'session.newkey': {
    run: (call) => {
      const key = call.params.text('key');
      if (key.length < 16) throw badValue('key');
      call.access.newKey(call.caller, call.params.text('username'), key);
      return ok();
    },
    minLevel: 6,
  },
  'user.su': {
    run: (call) => {
      call.access.switchSession(call.caller, call.params.text('elid'));
      return ok();
    },
    minLevel: 6,
  },
  restart: { run: () => ok(), minLevel: 7 },
};

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
