import assert from 'node:assert/strict';
import type { HookCall } from '../../../core/panel.ts';
import { XmlError } from '../../../net/xml.ts';
import type { PanelDialect } from '../../../panels/ispmanager/dialect.ts';
import { encode } from '../../../panels/ispmanager/hook.ts';
import { ispmanager4 } from '../../../panels/ispmanager/ispmanager4.ts';
import { dnsmanager, ispmanager5 } from '../../../panels/ispmanager/ispmanager5.ts';
import { environmentCall, judge, type Fields } from '../../decoders/hook-calls.ts';
import { parseXml } from '../../parse-xml.ts';
import { defineTarget, fieldsIn, textIn, type Target } from '../target.ts';

const record = { func: 'domain.record.edit', plid: 'example.org', name: 'www', ttl: '3600' };
const row = { func: 'domain.sublist.edit', plid: 'example.org', name: 'www' };

/** Calls of version 5 and later, by their parameters (docs/protocol.md#functions-5). */
const calls5: readonly Fields[] = [
  { ...record, rtype: 'a', ip: '192.0.2.1' },
  { ...record, rtype: 'txt', value: 'v=spf1 -all', elid: 'www.example.org. TXT  a' },
  { ...record, rtype: 'srv', srvdomain: 'sip', priority: '1', weight: '2', port: '5060' },
  { ...record, rtype: 'caa', caa_flags: '0', caa_tag: 'issue', caa_value_domain: 'ca.example' },
  { ...record, rtype: 'tlsa', tlsa_cert_usage: '3', tlsa_selector: '1', tlsa_matching_type: '1' },
  { func: 'domain.record.delete', plid: 'example.org', elid: 'x. TXT  a, long. A  192.0.2.1' },
  { func: 'domain.edit', name: 'new.example', ip: '192.0.2.1', ns: 'ns1.example.net. ns2.example.net.' },
  { func: 'domain.delete', elid: 'a.example, b.example' },
  { func: 'webdomain.edit', name: 'site.example', aliases: 'www.site.example m.site.example' },
  { func: 'user.edit', elid: 'kunde', name: 'kunde' },
];

/** Calls of ISPmanager 4, by their parameters (docs/protocol.md#functions-4). */
const calls4: readonly Fields[] = [
  { ...row, sdtype: 'A', addr: '192.0.2.1' },
  { ...row, sdtype: 'MX', addr: 'mail', prio: '10', elid: 'www A  192.0.2.1' },
  { ...row, sdtype: 'SRV', addr: 'sip', prio: '1', wght: '2', port: '5060' },
  { ...row, sdtype: 'TXT', addr: 'a, x TXT  a' },
  { func: 'domain.sublist.delete', plid: 'example.org', elid: 'x TXT  a, www A  192.0.2.1' },
  { func: 'domain.edit', name: 'new.example', ip: '192.0.2.1', ns: 'ns1.example.net', mx: 'mail' },
  { func: 'domain.delete', elid: 'a.example, b.example' },
];

const cgi = {
  AUTH_USER: 'kunde',
  AUTH_LEVEL: '16',
  REMOTE_ADDR: '192.0.2.7',
  HTTP_COOKIE: 'ispmgrses5=abc; ispmgrlang5=orion:ru',
};

/** A hook call as the fuzzer writes it: `body` is a text in which each character is one octet. */
interface WrittenCall {
  readonly environment: Readonly<Record<string, string>>;
  readonly repeated?: readonly (readonly [string, string])[];
  readonly body: string;
  readonly stage: 'before' | 'after' | null;
  readonly isCut?: boolean;
}

function written(call: WrittenCall): string {
  return JSON.stringify(call);
}

const stages = ['before', 'after'] as const;

const samples5 = stages.flatMap((stage) =>
  calls5.map((fields) => {
    const { environment } = environmentCall(fields, stage);
    return written({ environment: { ...cgi, ...environment }, body: '', stage });
  }),
);

const doubled = written({
  environment: { ...cgi, ...environmentCall(calls5[0] ?? {}).environment, QUERY_STRING: 'func=x&sok=ok' },
  repeated: [['PARAM_sok', 'ok']],
  body: '',
  stage: 'before',
});

const samples4 = stages.flatMap((stage) =>
  calls4.flatMap((fields) => {
    const text = new URLSearchParams({ ...fields, sok: 'ok' }).toString();
    const environment = { ...cgi, HANDLER_STAGE: stage, SESSION_LANG: 'ru' };
    const post = { ...environment, REQUEST_METHOD: 'POST', CONTENT_LENGTH: String(text.length) };
    const parts = Object.entries({ ...fields, sok: 'ok' }).map(
      ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const urlencoded = 'application/x-www-form-urlencoded';
    return [
      written({ environment: { ...post, CONTENT_TYPE: urlencoded }, body: text, stage: null }),
      written({ environment: { ...environment, QUERY_STRING: text }, body: '', stage: null }),
      written({
        environment: { ...post, CONTENT_TYPE: 'multipart/form-data; boundary=b' },
        body: `${parts.join('')}--b--\r\n`,
        stage: null,
      }),
    ];
  }),
);

const formWords = [
  '&',
  '=',
  ';',
  '%00',
  '%',
  '%41',
  '+',
  'sok=ok',
  'sok',
  '&func=domain.delete',
  'elid=',
  'plid=',

  '--b\r\n',
  '\r\n--b--',
  '\r\n\r\n',
  'name="',
  'filename="',
  '\0',
  '\xc3\xa4',
  ', ',
  ' TXT  a, ',
  '. A  ',
  'xn--',
  'ß',
  '"',
  '\\',
  'domainsync_echo=x',
  'example.org',
  '.example.org.',
];

/** Makes a hook call from the fuzzer's JSON; null: no panel can send such a call to the agent. */
function callIn(input: string): HookCall | null {
  const call = fieldsIn(input);
  if (call === null) return null;
  const { environment, body, stage, repeated } = call;
  const variables = Object.entries(Object(environment)).map(([name, text]) => [name, textIn(text)] as const);
  return {
    environment: Object.fromEntries(variables),
    body: Buffer.from(textIn(body), 'latin1'),
    stage: stage === 'before' || stage === 'after' ? stage : null,
    repeated: Array.isArray(repeated) ? repeated.map(pairIn) : [],
    isCut: call['isCut'] === true,
  };
}

function pairIn(pair: unknown): readonly [string, string] {
  const [name, text] = Array.isArray(pair) ? pair : [pair, pair];
  return [textIn(name), textIn(text)];
}

/** Checks that the XML answer which refuses a call with this text is well-formed and contains the text. */
function answerIsWhole(text: string, dialect: PanelDialect): void {
  const shown = text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/gu, '').slice(0, 2_000);
  const verdict = { kind: 'refuse', problems: [], changed: 'nothing' } as const;
  try {
    parseXml(encode(verdict, shown, dialect).output.trimEnd());
  } catch (error) {
    assert.ok(!(error instanceof XmlError), `the answer is no document: ${String(error)}`);
    throw error;
  }
}

function hookTarget(name: string, dialect: PanelDialect, samples: readonly string[]): Target {
  return defineTarget({
    name,
    shape: 'json',
    samples,
    words: formWords,
    // The decoder reports a bad call as an event. So no error may be thrown, and every error is a finding.
    decode: (input) => {
      const call = callIn(input);
      if (call === null) return null;
      // Before and after it decodes a call, the agent also reads the call's language and actor.
      return {
        asked: [dialect.calls.language(call), dialect.calls.actor(call)],
        event: judge(call, dialect),
      };
    },
    refusals: [],
    check: (value, input) => {
      if (value !== null) answerIsWhole(input, dialect);
    },
  });
}

export const hookTargets: readonly Target[] = [
  hookTarget('hook-4', ispmanager4, samples4),
  hookTarget('hook-5', ispmanager5, [...samples5, doubled]),
  hookTarget('hook-dnsmanager', dnsmanager, [...samples5, doubled]),
];
