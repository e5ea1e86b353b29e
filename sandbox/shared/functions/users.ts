import { Params } from '../params.ts';
import { badValue, denied, exists, missing } from '../refusal.ts';
import { element } from '../xml.ts';
import { elements, field, forEach, form, list, ok } from './common.ts';
import type { SandboxUser } from '../types.ts';
import type { Element } from '../xml.ts';
import type { Call, PanelFunction } from './common.ts';

function readLimit(call: Call, before: number | undefined): number | undefined {
  const text = call.params.text('domainlimit');
  if (text === '') return before;
  if (!/^\d{1,6}$/u.test(text)) throw badValue('domainlimit');
  return Number(text);
}

function userCells(call: Call, user: SandboxUser): Element[] {
  const level = call.access.levelOf(user);
  const used = call.store.zones().filter((zone) => zone.owner === user.name).length;
  const cells = {
    name: user.name,
    owner: call.access.ownerOf(user) ?? '',
    level: call.profile.levels[level],
    domain: `${used} / ${user.domainLimit ?? '-'}`,
  };
  const active = user.suspended === true ? [] : [element('active')];
  return [...Object.entries(cells).map(([key, value]) => element(key, value)), ...active];
}

function managed(call: Call): SandboxUser[] {
  return call.store.users().filter((user) => isBelow(call, user));
}

function isBelow(call: Call, user: SandboxUser): boolean {
  return call.access.levelOf(user) < call.caller.level && call.access.mayManage(call.caller, user.name);
}

/**
 * Returns an account below the caller.
 * @throws Refusal code 3 when there is no such account, 6 when the account is not below the caller
 */
export function findUser(call: Call, name: string): SandboxUser {
  const user = call.store.user(name);
  if (user === undefined) throw missing(call.profile.userObject, name);
  if (!isBelow(call, user)) throw denied('user');
  return user;
}

function readPassword(call: Call): string {
  const password = call.params.get('passwd') ?? '';
  const confirm = call.params.get('confirm');
  if (confirm !== undefined && confirm !== password) throw badValue('confirm');
  return password;
}

function firstZone(call: Call, name: string): Params {
  const values = {
    func: 'domain.edit',
    elid: '',
    name: call.params.text('domain'),
    ip: call.params.text('ip'),
    sok: 'ok',
  };
  return Params.of({ ...values, owner: name });
}

function createUser(call: Call): void {
  const name = call.params.text('name');
  if (!/^[a-z_][a-z0-9_.-]{0,31}$/u.test(name)) throw badValue('name');
  if (call.store.user(name) !== undefined) throw exists('user', name);
  const password = readPassword(call);
  if (password === '') throw badValue('passwd');
  const domainLimit = readLimit(call, undefined);
  const level = call.caller.level === 7 && call.params.text('level') === call.profile.levels[6] ? 6 : 5;
  const user = { name, password, level, owner: call.caller.name } as const;
  call.store.putUser(domainLimit === undefined ? user : { ...user, domainLimit });
}

/** Makes the inner call that creates the first zone of a new account. */
function* zoneOfNew(call: Call): Generator<Params, void> {
  const isNew = call.params.saved && call.params.text('elid') === '';
  if (isNew && call.params.text('domain') !== '') yield firstZone(call, call.params.text('name'));
}

function changeUser(call: Call, name: string): void {
  const user = findUser(call, name);
  const domainLimit = readLimit(call, user.domainLimit);
  const changed = { ...user, password: readPassword(call) || user.password };
  call.store.putUser(domainLimit === undefined ? changed : { ...changed, domainLimit });
}

/**
 * `user.edit`: shows the form, creates an account or changes one. With `domain`, a new account also gets a
 * zone (docs/protocol.md#other-functions).
 */
function editUser(call: Call): Element {
  const elid = call.params.text('elid');
  if (call.params.saved) {
    if (elid === '') createUser(call);
    else changeUser(call, elid);
    return ok();
  }
  const user = elid === '' ? null : findUser(call, elid);
  const limit = user?.domainLimit === undefined ? '' : String(user.domainLimit);
  return form(elid, [
    field('name', user?.name ?? ''),
    field('ip', call.switches.defaultIp),
    field('domain', ''),
    field('domainlimit', limit),
  ]);
}

function deleteUser(call: Call, name: string): void {
  const user = findUser(call, name);
  for (const zone of call.store.zones()) if (zone.owner === user.name) call.store.dropZone(zone.name);
  for (const web of call.store.webs()) if (web.owner === user.name) call.store.dropWeb(web.name);
  for (const mail of call.store.mails()) if (mail.owner === user.name) call.store.dropMail(mail.name);
  call.store.dropUser(user.name);
}

function userSettings(call: Call): Element {
  const user = call.store.user(call.caller.name);
  if (!call.params.saved)
    return form(call.caller.name, [field('name', call.caller.name), field('atype', 'atany')]);
  const password = readPassword(call);
  if (user !== undefined && password !== '') call.store.putUser({ ...user, password });
  return ok();
}

/** Functions for accounts (docs/protocol.md#functions-4). */
export const USER_FUNCTIONS = {
  user: {
    run: (call) =>
      list(
        call,
        managed(call).map((user) => userCells(call, user)),
      ),
    minLevel: 6,
  },
  'user.edit': { run: editUser, minLevel: 6, inner: zoneOfNew },
  'user.delete': { run: (call) => forEach(call, elements(call), (id) => deleteUser(call, id)), minLevel: 6 },
  iplist: {
    run: (call) => list(call, [[element('name', call.switches.defaultIp), element('active')]]),
    minLevel: 6,
  },
  usrparam: { run: userSettings },
} satisfies Readonly<Record<string, PanelFunction>>;
