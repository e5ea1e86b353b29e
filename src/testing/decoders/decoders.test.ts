/**
 * Issue 11.3: tests that no decoder of outside input exceeds a budget of processor time and memory, which
 * grows with the input. The inputs repeat pieces of text that have a meaning in the grammar.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer as readPanelAnswer } from '../../centrals/ispmanager/answer.ts';
import { readAnswer as readServerAnswer } from '../../centrals/powerdns/answer.ts';
import { changeIni, parseIni } from '../../config/ini.ts';
import { readSettings } from '../../config/settings.ts';
import { displayName, parseName, zoneName } from '../../dns/name.ts';
import { parseRdata, rdataFields, rdataFromFields } from '../../dns/rdata/rdata.ts';
import { decodeMessage } from '../../dns/wire/message.ts';
import { parseZoneFile } from '../../dns/zone-file.ts';
import { readHead } from '../../app/control/socket.ts';
import { ispmanager5Records } from '../../net/ispmanager/ispmanager5-records.ts';
import { refusalOf } from '../../net/ispmanager/errors.ts';
import { ispmanager4Records } from '../../net/ispmanager/ispmanager4-records.ts';
import { parseJsonInSlices } from '../../net/json.ts';
import { parseXmlInSlices } from '../../net/xml.ts';
import { ispmanager5 } from '../../panels/ispmanager/ispmanager5.ts';
import { ispmanager4 } from '../../panels/ispmanager/ispmanager4.ts';
import { overBudget, type Budget, type Decoder } from './budget.ts';
import { cgiCall, environmentCall, judge, type Fields } from './hook-calls.ts';

/**
 * A slow computer needs about a twentieth of this time. A decoder with quadratic time would take seconds at
 * the second length.
 */
const budget: Budget = { base: 80, perThousand: 3, octets: 250 };
const lengths = [4_000, 16_000, 64_000];

const zone = zoneName('example.org');

const data = [' ', '"', '"" ', '\\', '\\1', 'a', 'a ', '1 ', 'ä', '.', 'a.', ',', '='];
const names = ['.', 'a.', '\\', '\\.', '\\1', 'ä', 'ä.', 'u\u0308', '\u0300', '中', 'xn--a.', 'a', '*', ' '];
const keys = [
  ' ',
  ', ',
  'a, ',
  ', a',
  'x. TXT  a, ',
  'x TXT  a, ',
  'x. CAA  0 issue a, ',
  '"',
  '\\',
  'a ',
  '1 ',
  'ä',
  ',',
  '.',
];
const markup = [
  '<',
  '<a>',
  '<a/>',
  '</a>',
  '<a a="',
  '<title',
  '<title>',
  '<!--',
  '<![CDATA[',
  '&',
  '&amp;',
  '&#65;',
  ']]>',
  ' ',
  '"',
  'a',
];
const json = ['[', '[],', '{', '{},', '{"a":', '"', '\\"', ',', '0,', ' ', '"a":0,', ']', 'a'];
const ini = [' ', '\n', '[', '[a]\n', '[central_2]\n', 'a=1\n', 'a=', 'a', ' a\n', ';', ' ;', ':', '=', '\r'];
const form = [
  '&',
  'a&',
  '&a=',
  'sok&',
  '%',
  '%41',
  '%0',
  '+',
  ';',
  ';sok',
  'a',
  '--b\r\n',
  '\r\n--b',
  '\r\n\r\n',
  'name="',
  'name =',
];

/** A decoder for each field of records, given by the type and the text before the field. */
const rdata: readonly (readonly [type: string, before: string])[] = [
  ['TXT', ''],
  ['A', ''],
  ['AAAA', ''],
  ['MX', '1 '],
  ['SOA', 'a. b. 1 1 1 1 '],
  ['SRV', '1 1 1 '],
  ['CAA', '0 a '],
  ['NAPTR', '1 1 "" "" '],
  ['LOC', ''],
  ['DS', '1 1 1 '],
  ['CERT', '1 1 1 '],
  ['NSEC', '. '],
  ['NSEC3', '1 1 1 - '],
  ['HIP', '1 00 AAAA '],
  ['IPSECKEY', '1 3 1 '],
  ['HTTPS', '1 . '],
  ['HTTPS', '1 . alpn='],
  ['HTTPS', '1 . mandatory='],
  ['HTTPS', '1 . ipv4hint='],
  ['URI', '1 1 '],
  ['EUI48', ''],
  ['HINFO', ''],
  ['RRSIG', 'A 1 1 1 '],
  ['TYPE999', ''],
  ['TYPE999', '\\# 4 '],
];

const redact = (text: string): string => text.replaceAll('secret', '***');

function answerOf(body: string, status: number, contentType: string) {
  return { status, contentType, body: Buffer.from(body) };
}

const place = { plid: 'example.org', name: 'a' };

function field(func: string, name: string, fields: Fields): Decoder {
  const both = { func, ...place, ...fields };
  const units = name === 'name' || name === 'plid' ? names : name === 'elid' ? keys : data;
  const isCore = func === 'domain.record.edit';
  return {
    name: `${func} ${name}`,
    decode: (text) =>
      isCore
        ? judge(environmentCall({ ...both, [name]: text }), ispmanager5)
        : judge(cgiCall({ ...both, [name]: text }), ispmanager4),
    units,
  };
}

const decoders: readonly Decoder[] = [
  { name: 'name', decode: (text) => displayName(parseName(text, zone)), units: names },
  { name: 'name of a zone', decode: zoneName, units: names },
  ...rdata.map(([type, before]): Decoder => ({
    name: `rdata of ${type} after "${before}"`,
    decode: (text) => rdataFields(type, parseRdata(type, before + text, zone)),
    units: data,
  })),
  {
    name: 'text of a form',
    decode: (text) => rdataFields('TXT', rdataFromFields('TXT', [text])),
    units: data,
  },
  {
    name: 'master file',
    decode: (text) => parseZoneFile(text, { origin: zone }),
    units: [...data, '(', ')', ';', '$TTL 1\n'],
  },
  {
    name: 'record of a master file',
    decode: (text) => parseZoneFile(`a ${text} TXT ${text}`, { origin: zone }),
    units: data,
  },
  ...[ispmanager5Records, ispmanager4Records].flatMap((records, at): Decoder[] => [
    { name: `key ${at}`, decode: (text) => records.fromKey(text, zone), units: keys },
    {
      name: `key ${at} of a CAA`,
      decode: (text) => records.fromKey(`x. CAA  0 issue a${text}`, zone),
      units: keys,
    },
    { name: `key ${at} of an SRV`, decode: (text) => records.fromKey(`x. SRV 1 ${text}`, zone), units: keys },
  ]),
  {
    name: 'row',
    decode: (text) => ispmanager5Records.record({ name: 'a', rtype: 'TXT', value: text }, zone),
    units: data,
  },
  {
    name: 'row, numbers',
    decode: (text) => ispmanager5Records.record({ name: 'a', rtype: 'SRV', value: 'x', info: text }, zone),
    units: [...data, 'port', 'port ='],
  },
  { name: 'settings', decode: parseIni, units: ini },
  {
    name: 'settings with a section',
    decode: (text) => readSettings(`[isp_master]\nhost = x\n${text}`, ''),
    units: ini,
  },
  {
    name: 'settings changed',
    decode: (text) => changeIni(`[isp_master]\nhost = x\n${text}`, { isp_master: { host: 'y' } }),
    units: ini,
  },
  field('domain.record.edit', 'value', { rtype: 'txt' }),
  field('domain.record.edit', 'name', { rtype: 'txt', value: 'x' }),
  field('domain.record.edit', 'plid', { rtype: 'txt', value: 'x' }),
  field('domain.record.edit', 'elid', { rtype: 'txt', value: 'x' }),
  field('domain.record.edit', 'ttl', { rtype: 'txt', value: 'x' }),
  field('domain.record.edit', 'tlsa_value', {
    rtype: 'tlsa',
    tlsa_cert_usage: '1',
    tlsa_selector: '1',
    tlsa_matching_type: '1',
  }),
  field('domain.record.edit', 'caa_value_email', { rtype: 'caa', caa_tag: 'iodef' }),
  field('domain.sublist.edit', 'addr', { sdtype: 'TXT' }),
  field('domain.sublist.edit', 'name', { sdtype: 'TXT', addr: 'x' }),
  field('domain.sublist.edit', 'sdtype', { addr: 'x' }),
  {
    name: 'records deleted, 4',
    decode: (text) =>
      judge(cgiCall({ func: 'domain.sublist.delete', plid: 'example.org', elid: text }), ispmanager4),
    units: keys,
  },
  {
    name: 'records deleted, 6',
    decode: (text) =>
      judge(environmentCall({ func: 'domain.record.delete', plid: 'example.org', elid: text }), ispmanager5),
    units: keys,
  },
  {
    name: 'zones deleted',
    decode: (text) => judge(cgiCall({ func: 'domain.delete', elid: text }), ispmanager4),
    units: [...keys, 'a.b,', 'a,'],
  },
  {
    name: 'zone made',
    decode: (text) =>
      judge(cgiCall({ func: 'domain.edit', name: 'new.example', ip: text, ns: text, mx: text }), ispmanager4),
    units: [...keys, 'a '],
  },
  {
    name: 'hint',
    decode: (text) => judge(environmentCall({ func: 'site.edit', aliases: text }, 'after'), ispmanager5),
    units: [...keys, 'a.b ', 'a.b,'],
  },
  {
    name: 'body',
    decode: (text) => judge({ ...cgiCall({}), body: Buffer.from(text) }, ispmanager4),
    units: form,
  },
  {
    name: 'query',
    decode: (text) =>
      judge(
        { environment: { HANDLER_STAGE: 'before', QUERY_STRING: text }, body: Buffer.alloc(0) },
        ispmanager4,
      ),
    units: form,
  },
  {
    name: 'body of several parts',
    decode: (text) => {
      const environment = {
        HANDLER_STAGE: 'before',
        REQUEST_METHOD: 'POST',
        CONTENT_TYPE: 'multipart/form-data; boundary=b',
      };
      return judge({ environment, body: Buffer.from(`--b\r\n${text}\r\n--b--`) }, ispmanager4);
    },
    units: form,
  },
  {
    name: 'type of a body',
    decode: (text) =>
      judge(
        {
          ...cgiCall({}),
          environment: { HANDLER_STAGE: 'before', CONTENT_TYPE: `multipart/form-data; ${text}` },
        },
        ispmanager4,
      ),
    units: [...form, 'boundary=', '; '],
  },
  {
    name: 'cookies',
    decode: (text) =>
      ispmanager5.calls.language({ environment: { HTTP_COOKIE: text }, body: Buffer.alloc(0) }),
    units: [';', '; ', ';a', 'a', 'lang5=', ':', '%3a'],
  },
  { name: 'first line of a request', decode: readHead, units: ['domainsync ', '1', ' ', 'a'] },
  {
    name: 'XML',
    decode: async (text) => refusalOf(await parseXmlInSlices(`<doc>${text}</doc>`)),
    units: markup,
  },
  { name: 'XML, bare', decode: parseXmlInSlices, units: markup },
  {
    name: 'answer of a panel',
    decode: async (text) =>
      await readPanelAnswer(answerOf(`<doc><error>${text}</error></doc>`, 200, 'text/xml'), 'read', redact),
    units: markup,
  },
  {
    name: 'page instead of an answer',
    decode: async (text) =>
      await readPanelAnswer(answerOf(`<html>${text}`, 500, 'text/html'), 'read', redact),
    units: markup,
  },
  {
    name: 'page instead of JSON',
    decode: async (text) =>
      await readServerAnswer(answerOf(`<html>${text}`, 500, 'text/html'), 'read', redact),
    units: markup,
  },
  {
    name: 'error in JSON',
    decode: async (text) => await readServerAnswer(answerOf(text, 422, 'application/json'), 'read', redact),
    units: json,
  },
  { name: 'JSON', decode: parseJsonInSlices, units: json },
  {
    name: 'JSON in a list',
    decode: async (text) => await parseJsonInSlices(`{"a":[${text}0]}`),
    units: json,
  },
  {
    name: 'DNS message',
    decode: (text) => decodeMessage(messageOf(text)),
    units: ['\0', '\xc0\x0c', '\xc0\x2c', 'a', '\x01a', '\x3f', '\xff'],
  },
];

/**
 * Makes a DNS message whose header counts more records than there are. Its octets may point back to a long
 * name.
 */
function messageOf(text: string): Buffer {
  const head = Buffer.from([0, 1, 0x80, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.from(text, 'latin1')]).subarray(0, 65_535);
}

for (const decoder of decoders) {
  test(`issue 11.3: within its budget: ${decoder.name}`, async () => {
    assert.deepEqual(await overBudget(decoder, lengths, budget), []);
  });
}
