import { badValue } from '../refusal.ts';
import { ok } from './common.ts';
import type { PanelFunction } from './common.ts';

/** Functions for sessions and one-time keys (docs/protocol.md#login). */
export const SESSION_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
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
