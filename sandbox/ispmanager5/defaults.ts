import {
  elements,
  field,
  findZone,
  forEach,
  form,
  ok,
  type Call,
  type PanelFunction,
} from '../shared/functions/common.ts';
import { hostRows, mxRows, nsRows, readHosts } from '../shared/zones.ts';
import { listed } from './domains.ts';
import { additions, removals } from './record-functions.ts';
import type { Params } from '../shared/params.ts';
import type { Element } from '../shared/xml.ts';

/**
 * `dnsparam`: name servers and mail servers of new zones (docs/protocol.md#functions-5, #dnsmanager). The
 * names of the fields are invented.
 */
function editDnsparam(call: Call): Element {
  const { switches, params } = call;
  if (!params.saved) {
    return form('', [
      field('ns', switches.defaultNs),
      field('mx', switches.defaultMx),
      field('applytoexisting', 'off'),
    ]);
  }
  const ns = params.text('ns');
  const mx = params.text('mx');
  if (ns !== '') switches.defaultNs = readHosts(ns, 'example.org', 'ns');
  if (mx !== '') switches.defaultMx = readHosts(mx, 'example.org', 'mx');
  return ok();
}

/**
 * "Apply to existing": replaces the name servers of every zone in the caller's list
 * (docs/protocol.md#dnsmanager).
 */
function* applyToExisting(call: Call): Generator<Params, void> {
  for (const { name, kind, rows } of listed(call)) {
    if (kind === 'slave') continue;
    const wanted = nsRows(name, call.switches.defaultNs);
    const isKept = (addr: string): boolean => wanted.some((row) => row.addr === addr);
    const old = rows.filter((row) => row.type === 'NS' && row.name === `${name}.` && !isKept(row.addr));
    yield* additions(call, name, wanted);
    yield* removals(call, name, old);
  }
}

/**
 * `domain.autorecords`: adds the default records that a zone lacks (docs/protocol.md#functions-5). It is not
 * known what real panels add.
 */
function* autorecords(call: Call): Generator<Params, void> {
  for (const id of elements(call)) {
    const { name, ip } = findZone(call, id, 'write');
    const { defaultHosts, defaultMx, defaultMxRecords, defaultNs } = call.switches;
    const rows = [
      ...nsRows(name, defaultNs),
      ...defaultHosts.flatMap((label) => hostRows(name, label, ip)),
      ...(defaultMxRecords ? mxRows(name, defaultMx) : []),
    ];
    yield* additions(call, name, rows);
  }
}

/** Functions for the default records of zones. */
export const DEFAULT_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  dnsparam: {
    run: editDnsparam,
    inner: function* (call) {
      if (call.params.saved && call.params.on('applytoexisting')) yield* applyToExisting(call);
    },
  },
  'dnsparam.fixall': { run: () => ok(), inner: applyToExisting },
  'domain.autorecords': {
    run: (call) => forEach(call, elements(call), (id) => void findZone(call, id, 'write')),
    inner: autorecords,
  },
};
