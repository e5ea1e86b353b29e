import assert from 'node:assert/strict';
import * as v from 'valibot';
import {
  demandAnswerTo,
  demandOk,
  readAnswer as readPanelAnswer,
} from '../../../centrals/ispmanager/answer.ts';
import type { CentralDialect } from '../../../centrals/ispmanager/dialect.ts';
import { ispmanager4 } from '../../../centrals/ispmanager/ispmanager4.ts';
import { ispmanager5 } from '../../../centrals/ispmanager/ispmanager5.ts';
import { readRows } from '../../../centrals/ispmanager/lists.ts';
import { shaped } from '../../../centrals/http-answer.ts';
import { readAnswer as readServerAnswer } from '../../../centrals/powerdns/answer.ts';
import { contentOf, heldRecords, rrsetShape, serverType } from '../../../centrals/powerdns/records.ts';
import { heldAt } from '../../../centrals/rfc2136/records.ts';
import { CentralError } from '../../../core/central.ts';
import { parseName } from '../../../dns/name.ts';
import { DnsDataError } from '../../../dns/problem.ts';
import { recordId } from '../../../dns/record.ts';
import { encodeMessage } from '../../../dns/wire/message.ts';
import { DnsError } from '../../../net/dns/dns-error.ts';
import { decodeAnswer } from '../../../net/dns/signing.ts';
import { TransferRecords } from '../../../net/dns/transfer.ts';
import type { HttpAnswer } from '../../../net/http.ts';
import { parseJsonInSlices } from '../../../net/json.ts';
import { escapeXml, parseXmlInSlices, XmlError, type XmlElement } from '../../../net/xml.ts';
import { everyType } from '../../every-type.ts';
import { parseXml } from '../../parse-xml.ts';
import { defineTarget, fieldsIn, inputOf, jsonIn, octetsIn, textIn, type Target } from '../target.ts';
import { messages, transferred, wireWords } from './dns.ts';

const zone = parseName('example.org.');
const redact = (text: string): string => text.replaceAll('secret', '***');

/** Makes an HTTP answer from the fuzzer's JSON. The body is in `body` as text, or in `octets` as octets. */
export function answerIn(input: string): HttpAnswer {
  const { status, contentType, body, octets } = fieldsIn(input) ?? {};
  return {
    status: typeof status === 'number' ? status : 200,
    contentType: textIn(contentType),
    body: octets === undefined ? Buffer.from(textIn(body)) : Buffer.from(textIn(octets), 'latin1'),
  };
}

function answerText(body: string, status = 200, contentType = 'text/xml'): string {
  return JSON.stringify({ status, contentType, body });
}

const row4 =
  '<elem><key>www A  192.0.2.1</key><name>www</name><type>A</type><addr>192.0.2.1</addr><prio/></elem>';
const srv4 =
  '<elem><key>s SRV 1 2 3 sip</key><name>s</name><type>SRV</type><addr>sip</addr><prio>1</prio><wght>2</wght><port>3</port></elem>';
const row5 =
  '<elem><rkey>www.example.org. A  192.0.2.1</rkey><name>www</name><ttl>3600</ttl><rtype>A</rtype><value>192.0.2.1</value></elem>';
const srv5 =
  '<elem><rkey>s. SRV</rkey><name>s</name><ttl>60</ttl><rtype>SRV</rtype><value>sip</value><info>priority = 1, weight = 2, port = 3</info></elem>';

const documents = [
  `<?xml version="1.0" encoding="UTF-8"?><doc func="domain.record"><plid>example.org</plid>${row5}${srv5}</doc>`,
  `<doc>${row4}${srv4}<banner id="x">news</banner></doc>`,
  '<doc func="domain.edit"><name>new.example</name><slist name="ip"><val>192.0.2.1</val></slist></doc>',
  '<doc><ok/></doc>',
  '<doc><error code="4" val="domain"><msg>exists &amp; more</msg></error></doc>',
  '<doc><error type="limit" object="domain" lang="ru"><msg>Превышен лимит</msg><param name="x">1</param></error></doc>',
  '<doc><error code="100"/></doc>',
  '<doc><auth level="16">secret</auth></doc>',
  '<authfail/>',
  '<doc><banner id="record_limit">only the first 100 records</banner></doc>',
];

/** List documents as ISPmanager 4 and ISPmanager 5/6 return them, with one row for each record type. */
const list4 = `<doc>${Object.entries(everyType)
  .map(
    ([type, [data]]) =>
      `<elem><key>k ${type}</key><name>k</name><type>${type}</type><addr>${escapeXml(data)}</addr></elem>`,
  )
  .join('')}</doc>`;
const list5 = `<doc>${Object.entries(everyType)
  .map(
    ([type, [data]]) =>
      `<elem><rkey>k. ${type}</rkey><name>k.example.org.</name><ttl>60</ttl><rtype>${type}</rtype><value>${escapeXml(data)}</value></elem>`,
  )
  .join('')}</doc>`;

const pages = [
  answerText('access denied', 200, 'text/plain'),
  answerText('<html><title>502 Bad Gateway</title></html>', 502, 'text/html'),
  answerText('', 200),
];

const markup = [
  '<',
  '<elem>',
  '</elem>',
  '<elem/>',
  '</doc>',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '&amp;',
  '&#65;',
  '&x;',

  '<!DOCTYPE doc>',
  '<?xml version="1.1"?>',
  ' a="b"',
  '<name>',
  '<error type="auth"/>',
  '<ok/>',
  '\ufeff',
];

/** Pieces that occur in the names, keys and data of a list's cells. */
const cells = [
  '.',
  '*',
  '@',
  '"',
  '\\',
  ' ',
  ', ',
  'ß',
  'xn--',
  '192.0.2.1',
  '2001:db8::1',
  'CNAME',
  'SOA',
  'TXT',
  'SRV',
  'priority = ',
  'port = 65536',
  'example.org',
  'www.example.org. A  192.0.2.1',
  '-1',
  '\u0301',
];

/** Reads all rows of a list as the adapter does. */
async function rowsIn(doc: XmlElement, dialect: CentralDialect): Promise<readonly (string | null)[]> {
  const rows = await readRows(doc, dialect.keyOf);
  return rows.map((row) => {
    try {
      const record = dialect.record(row, { zone, known: new Set([zone]) });
      dialect.holds(record, zone);
      return recordId(record);
    } catch (error) {
      if (error instanceof DnsDataError) return null;
      throw error;
    }
  });
}

/**
 * Writes an element from the fuzzer's JSON as an XML document. A name that XML does not allow makes a
 * document that is not well-formed.
 */
function documentIn(value: unknown): string {
  const { name, attributes, text, children } = Object(value) as Readonly<Record<string, unknown>>;
  return documentOf({
    name: textIn(name),
    attributes: Object.fromEntries(
      Object.entries(Object(attributes)).map(([key, attribute]) => [key, textIn(attribute)]),
    ),
    text: textIn(text),
    children: [],
  }).replace(/(?=<\/[^<]*$)/u, Array.isArray(children) ? children.map(documentIn).join('') : '');
}

/**
 * A target for answers of a panel. The fuzzer changes elements of the XML document, so its structure stays
 * valid.
 */
function panelAnswer(name: string, dialect: CentralDialect, lists: readonly string[]): Target {
  return defineTarget({
    name,
    shape: 'json',
    samples: lists.map((document) => JSON.stringify(parseXml(document))),
    words: cells,
    decode: async (input) => {
      const body = Buffer.from(documentIn(jsonIn(input)));
      const doc = await readPanelAnswer({ status: 200, contentType: 'text/xml', body }, 'read', redact);
      demandAnswerTo(dialect.recordList, doc, redact);
      const rows = await rowsIn(doc, dialect);
      if (rows.length === 0) demandOk(doc, 'domain.edit');
      return rows;
    },
    refusals: [CentralError],
  });
}

const page = defineTarget({
  name: 'answer-ispmanager-page',
  shape: 'json',
  samples: [...documents.map((body) => answerText(body)), ...pages],
  words: markup,
  decode: async (input) => await readPanelAnswer(answerIn(input), 'write', redact),
  refusals: [CentralError],
});

/** Writes an element as a document that has the same meaning. */
function documentOf({ name, attributes, text, children }: XmlElement): string {
  const named = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${named.join('')}>${children.map(documentOf).join('')}${escaped(text)}</${name}>`;
}

function escaped(text: string): string {
  return escapeXml(text).replaceAll(/[\t\n\r]/gu, (one) => `&#${one.charCodeAt(0)};`);
}

const xml = defineTarget({
  name: 'xml',
  shape: 'text',
  samples: documents,
  words: markup,
  budget: { octets: 400 },
  // A text that was decoded from UTF-8 never contains half of a surrogate pair, so the input must not either.
  decode: async (input) => await parseXmlInSlices(input.toWellFormed()),
  refusals: [XmlError],
  check: async (doc, input) => {
    assert.deepEqual(await parseXmlInSlices(documentOf(doc)), doc);
    // A strict parser refuses every document whose end is cut off.
    const cut = input.trimEnd().slice(0, -1);
    await assert.rejects(async () => await parseXmlInSlices(cut), XmlError, 'a cut document');
  },
});

const content = { content: '192.0.2.1', disabled: false };
const rrset = { name: 'www.example.org.', type: 'A', ttl: 60, records: [content] };
const serverZone = {
  name: 'example.org.',
  account: 'a',
  kind: 'Native',
  serial: 1,
  dnssec: false,
  rrsets: [
    rrset,
    { name: 'example.org.', type: 'ALIAS', ttl: 60, records: [{ content: 'x.' }] },
    ...Object.entries(everyType).map(([type, [data]]) => ({
      name: `${type.toLowerCase()}.example.org.`,
      type,
      ttl: 60,
      records: [{ content: data, disabled: true }],
    })),
  ],
};

const jsonBodies = [
  // A zone has more to decode than the other answers, so it is listed several times.
  ...Array.from({ length: 4 }, () => [serverZone, 200] as const),
  [[{ name: 'example.org.', account: 'a', kind: 'Native' }], 200],
  [{ error: 'RRset example.org. IN A: Conflicts', errors: ['x'] }, 422],
  [{ daemon_type: 'authoritative', version: '4.7.3' }, 200],
] as const;

const powerdns = defineTarget({
  name: 'answer-powerdns',
  shape: 'json',
  samples: [
    // Each body occurs twice: as a JSON value, whose fields the fuzzer changes, and as a text.
    ...jsonBodies.map(([body, status]) => JSON.stringify({ status, contentType: 'application/json', body })),
    ...jsonBodies.map(([body, status]) => answerText(JSON.stringify(body), status, 'application/json')),
    answerText('Not Found', 404, 'text/plain'),
    answerText('', 204),
    ...pages,
  ],
  words: ['"', '\\', '\\# 4 c0000201', '[', ']', '{"a":', '0', '-', 'e', '__proto__', '.', 'TYPE65400'],
  budget: { octets: 400 },
  decode: async (input) => {
    const json = await readServerAnswer(answerIn(input), 'read', redact);
    const { rrsets } = shaped(v.object({ rrsets: v.array(v.unknown()) }), json);
    return await heldRecords(rrsets.map((one) => shaped(rrsetShape, one)));
  },
  refusals: [CentralError],
  check: async ({ records }) => {
    for (const record of records) {
      if (record.rdata !== record.handle) continue;
      // If the adapter writes this record and reads it back, it must get the same record.
      const sent = {
        ...record,
        type: serverType(record.type),
        records: [{ content: contentOf(record), disabled: false }],
      };
      const back = await heldRecords([{ ...sent, ttl: record.ttl ?? 0 }]);
      assert.deepEqual(back.records.map(recordId), [recordId(record)]);
    }
  },
});

const json = defineTarget({
  name: 'json',
  shape: 'text',
  samples: [JSON.stringify(serverZone), JSON.stringify(['x'.repeat(70_000), { a: [] }])],
  words: ['"', '\\', '\\u0000', '[', ']', '{', '}', ',', ':', '0', '-0', '1e5', 'null', ' ', '"__proto__":'],
  budget: { octets: 400 },
  decode: parseJsonInSlices,
  refusals: [SyntaxError],
  check: (value, input) => assert.deepEqual(value, JSON.parse(input)),
});

const nameServer = defineTarget({
  name: 'answer-name-server',
  shape: 'octets',
  samples: messages,
  words: wireWords,
  decode: (input) => {
    const answer = decodeAnswer(octetsIn(input));
    return [answer, heldAt(answer, zone, parseName('www.example.org.')), heldAt(answer, zone, zone)];
  },
  refusals: [DnsError],
});

const transfer = defineTarget({
  name: 'zone-transfer',
  shape: 'octets',
  samples: transferred.map((message) => inputOf(encodeMessage(message))),
  words: wireWords,
  decode: (input) => {
    const records = new TransferRecords(zone);
    records.add(decodeAnswer(octetsIn(input)));
    return records;
  },
  refusals: [DnsError],
  check: ({ records }) => assert.ok(records[0]?.type === 'SOA' && records[0].name === zone, 'no SOA first'),
});

export const answerTargets: readonly Target[] = [
  panelAnswer('answer-ispmanager4', ispmanager4, [list4, ...documents.slice(1, 3)]),
  panelAnswer('answer-ispmanager5', ispmanager5, [list5, documents[0] ?? '']),
  page,
  xml,
  powerdns,
  json,
  nameServer,
  transfer,
];
