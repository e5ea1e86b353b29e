import { randomBytes } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  elements,
  field,
  forEach,
  form,
  list,
  type Call,
  type PanelFunction,
} from '../shared/functions/common.ts';
import { mayHave, own, wantsZone } from '../shared/functions/services.ts';
import { readZoneName, toUnicode, zoneIdentifier } from '../shared/names.ts';
import { makeRow } from '../shared/records.ts';
import { exists } from '../shared/refusal.ts';
import { element, type Element } from '../shared/xml.ts';
import { hostRows, readOwnerField, words } from '../shared/zones.ts';
import { made } from './domains.ts';
import { additions, removals } from './record-functions.ts';
import { ownZone, serviceEnd, zoneCreation } from './web.ts';
import type { Params } from '../shared/params.ts';
import type { MailDomain, Row } from '../shared/types.ts';

/** The first and last characters of a 2048-bit RSA public key in Base64. */
const KEY_START = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA';
const KEY_END = 'QIDAQAB';

function onOff(value: string | undefined): string {
  return value === undefined || value === '' ? 'off' : 'on';
}

function listMails(call: Call): Element {
  const mails = call.store.mails().filter(mayHave(call));
  return list(
    call,
    mails.map(({ name, owner, dkim, dmarc }) => {
      const flags = { dkim: onOff(dkim), dmarc: onOff(dmarc) };
      const cells = { name, displayname: toUnicode(name), owner, ...flags, active: 'on' };
      return Object.entries(cells).map(([key, value]) => element(key, value));
    }),
  );
}

function findMail(call: Call, identifier: string): MailDomain {
  return own(call, call.store.mail(zoneIdentifier(identifier)), 'emaildomain', identifier);
}

function newMail(call: Call): MailDomain {
  const name = readZoneName(call.params.text('name'), 'name');
  if (call.store.mail(name) !== undefined) throw exists('emaildomain', name);
  return { name, owner: readOwnerField(call, call.caller, call.params) };
}

/** The text of the record that a check box turns on or off; empty: the record is turned off. */
function switched(call: Call, box: string, before: string | undefined, make: () => string): string {
  if (call.params.get(box) === undefined) return before ?? '';
  if (!call.params.on(box)) return '';
  return before === undefined || before === '' ? make() : before;
}

/** `emaildomain.edit` with `name`, `dkim` and `dmarc` (docs/protocol.md#other-functions). */
function editMail(call: Call): Element {
  const elid = call.params.text('elid');
  const present = elid === '' ? null : findMail(call, elid);
  if (!call.params.saved)
    return form(elid, [
      field('name', present?.name ?? ''),
      field('dkim', onOff(present?.dkim)),
      field('dmarc', onOff(present?.dmarc)),
    ]);
  const mail = present ?? newMail(call);
  const key = (): string => `${KEY_START}${randomBytes(255).toString('base64').slice(0, 341)}${KEY_END}`;
  call.store.putMail({
    ...mail,
    dkim: switched(call, 'dkim', mail.dkim, () => `v=DKIM1; k=rsa; s=email; p=${key()}`),
    dmarc: switched(call, 'dmarc', mail.dmarc, () => `v=DMARC1; p=none; rua=mailto:postmaster@${mail.name}`),
  });
  return made();
}

function textRow(name: string, text: string | undefined): Row[] {
  return text === undefined || text === '' ? [] : [makeRow(name, 'TXT', text)];
}

function spf(ip: string): string {
  const addresses = words(ip).map((address) => (isIPv4(address) ? `ip4:${address}` : `ip6:${address}`));
  return `v=spf1 ${addresses.join(' ')} a mx ~all`;
}

function exchangers(mail: MailDomain, zone: string, ip: string): Row[] {
  const host = `mail.${mail.name}`;
  return [
    ...hostRows(zone, host.slice(0, -(zone.length + 1)), ip),
    makeRow(`${mail.name}.`, 'MX', `${host}.`, '10'),
  ];
}

function textRows(mail: MailDomain): Row[] {
  return [
    ...textRow(`dkim._domainkey.${mail.name}.`, mail.dkim),
    ...textRow(`_dmarc.${mail.name}.`, mail.dmarc),
  ];
}

function ipOf(call: Call, zone: string): string {
  return call.store.zone(zone)?.ip ?? call.switches.defaultIp;
}

/**
 * Inner calls of a mail domain: MX and SPF when it is created, DKIM and DMARC when they are turned on or off
 * (docs/protocol.md#other-functions).
 */
function* mailRecords(call: Call): Generator<Params, void> {
  const { params } = call;
  if (!params.saved) return;
  const isNew = params.text('elid') === '';
  const mail = call.store.mail(zoneIdentifier(params.text('elid') || params.text('name')));
  if (mail === undefined) return;
  if (isNew && wantsZone(call, mail.name)) yield zoneCreation(call, mail.name, readIp(call));
  const zone = ownZone(call, mail.name);
  if (zone === null) return;
  const ip = ipOf(call, zone);
  if (isNew) {
    yield* additions(call, zone, exchangers(mail, zone, ip));
    const hasSpf = call.store.zone(zone)?.rows.some(isSpfOf(mail.name)) === true;
    if (!hasSpf) yield* additions(call, zone, textRow(`${mail.name}.`, spf(ip)));
  }
  const present = call.store.zone(zone)?.rows ?? [];
  const names = new Set([`dkim._domainkey.${mail.name}.`, `_dmarc.${mail.name}.`]);
  const wanted = textRows(mail);
  const old = present.filter(
    (row) => names.has(row.name) && row.type === 'TXT' && !wanted.some((one) => one.addr === row.addr),
  );
  yield* removals(call, zone, old);
  yield* additions(call, zone, wanted);
}

function readIp(call: Call): string {
  return call.params.text('ipaddr') || call.switches.defaultIp;
}

function isSpfOf(name: string): (row: Row) => boolean {
  return (row) => row.name === `${name}.` && row.type === 'TXT' && row.addr.startsWith('v=spf1');
}

function* endMails(call: Call): Generator<Params, void> {
  for (const id of elements(call)) {
    const mail = findMail(call, id);
    call.store.dropMail(mail.name);
    yield* serviceEnd(call, mail.name, (zone) => {
      const ip = ipOf(call, zone);
      const spfs = call.store.zone(zone)?.rows.filter(isSpfOf(mail.name)) ?? [];
      return [...exchangers(mail, zone, ip), ...spfs, ...textRows(mail)];
    });
  }
}

/** Functions for mail domains (docs/protocol.md#functions-5, #other-functions). */
export const MAIL_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  emaildomain: { run: listMails },
  'emaildomain.edit': { run: editMail, inner: mailRecords },
  'emaildomain.delete': {
    run: (call) => forEach(call, elements(call), (id) => void findMail(call, id)),
    inner: endMails,
  },
  'emaildomain.restore_mx': {
    run: (call) => forEach(call, elements(call), (id) => void findMail(call, id)),
    inner: function* (call) {
      for (const id of elements(call)) {
        const mail = findMail(call, id);
        const zone = ownZone(call, mail.name);
        if (zone !== null) yield* additions(call, zone, exchangers(mail, zone, ipOf(call, zone)));
      }
    },
  },
};
