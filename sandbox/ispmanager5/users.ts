import { elements, forEach, ok, type Call, type PanelFunction } from '../shared/functions/common.ts';
import { USER_FUNCTIONS, findUser } from '../shared/functions/users.ts';
import { element, type Element } from '../shared/xml.ts';
import { zoneDeletion } from './domains.ts';
import type { Params } from '../shared/params.ts';

/** Writes flags as `on` and `off`, as version 5/6 does (docs/protocol.md#documents). */
function inWords(doc: Element): Element {
  const row = (elem: Element): Element => {
    const cells = elem.children.filter(({ name }) => name !== 'active');
    const isActive = cells.length < elem.children.length;
    return { ...elem, children: [...cells, element('active', isActive ? 'on' : 'off')] };
  };
  return { ...doc, children: doc.children.map((one) => (one.name === 'elem' ? row(one) : one)) };
}

/**
 * `user.suspend` and `user.resume` (docs/protocol.md#functions-5). It is not known what else they do to an
 * account's zones.
 */
function suspending(suspended: boolean): PanelFunction {
  return {
    run: (call) =>
      forEach(call, elements(call), (id) => call.store.putUser({ ...findUser(call, id), suspended })),
    minLevel: 6,
  };
}

function whoami(call: Call): Element {
  const { caller, profile } = call;
  return element('doc', [element('user', '', { name: caller.name, level: profile.levelShown(caller) })]);
}

/**
 * Removes everything that belongs to deleted accounts. Each zone is removed by an inner call
 * (docs/protocol.md#other-functions, #stages-5).
 */
function* endUsers(call: Call): Generator<Params, void> {
  for (const id of elements(call)) {
    const user = findUser(call, id);
    for (const zone of call.store.zones()) if (zone.owner === user.name) yield zoneDeletion([zone.name]);
    for (const web of call.store.webs()) if (web.owner === user.name) call.store.dropWeb(web.name);
    for (const mail of call.store.mails()) if (mail.owner === user.name) call.store.dropMail(mail.name);
    call.store.dropUser(user.name);
  }
}

const { user, 'user.edit': edit, usrparam } = USER_FUNCTIONS;

/**
 * Functions for accounts (docs/protocol.md#functions-5). Newer pages use `user.add` and `user.add.finish`,
 * which call `user.edit`.
 */
export const ISPMANAGER5_USER_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  user: { ...user, run: (call) => inWords(user.run(call)) },
  'user.edit': edit,
  'user.add': { run: (call) => (call.params.saved ? ok() : edit.run(call)), minLevel: 6 },
  'user.add.user': { run: (call) => (call.params.saved ? ok() : edit.run(call)), minLevel: 6 },
  'user.add.finish': edit,
  'user.delete': {
    run: (call) => forEach(call, elements(call), (id) => void findUser(call, id)),
    minLevel: 6,
    inner: endUsers,
  },
  'user.suspend': suspending(true),
  'user.resume': suspending(false),
  usrparam,
  whoami: { run: whoami },
};
