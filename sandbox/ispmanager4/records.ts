import { isIPv4, isIPv6 } from 'node:net';
import { readHost, readOwner } from '../shared/names.ts';
import { HOST_TYPES } from '../shared/records.ts';
import { badValue } from '../shared/refusal.ts';
import type { Params } from '../shared/params.ts';
import type { Row } from '../shared/types.ts';

const TYPES: ReadonlySet<string> = new Set([...HOST_TYPES, 'A', 'AAAA', 'TXT']);
const TEXT_LIMIT = 4096;

function readNumber(params: Params, field: string, wanted: boolean): string {
  const text = params.text(field);
  if (!wanted && text !== '') throw badValue(field);
  if (!wanted) return '';
  if (!/^\d{1,5}$/u.test(text) || Number(text) > 65_535) throw badValue(field);
  return String(Number(text));
}

function readText(text: string): string {
  if (text === '' || /\p{Cc}/u.test(text)) throw badValue('addr');
  if (Buffer.byteLength(text) > TEXT_LIMIT) throw badValue('addr');
  return text;
}

function readAddr(params: Params, type: string, zone: string): string {
  if (type === 'TXT') return readText(params.get('addr') ?? '');
  const text = params.text('addr');
  if (HOST_TYPES.has(type)) return readHost(text, zone, 'addr');
  const fits = type === 'A' ? isIPv4(text) : isIPv6(text) && !text.includes('%');
  if (!fits) throw badValue('addr');
  return text;
}

/**
 * Reads a record from a form (docs/protocol.md#record-form-4). `prio` is for MX and SRV; `wght` and `port`
 * are for SRV. For other types they must be empty.
 * @throws Refusal code 4 with the name of the field
 */
export function readIspmanager4Row(params: Params, zone: string): Row {
  const type = params.text('sdtype').toUpperCase();
  if (!TYPES.has(type)) throw badValue('sdtype');
  return {
    name: readOwner(params.text('name'), zone),
    type,
    addr: readAddr(params, type, zone),
    // A client may leave out the priority of an MX.
    prio:
      type === 'MX' && params.text('prio') === ''
        ? '0'
        : readNumber(params, 'prio', type === 'MX' || type === 'SRV'),
    wght: readNumber(params, 'wght', type === 'SRV'),
    port: readNumber(params, 'port', type === 'SRV'),
  };
}
