import { isFault } from './faults.ts';
import { setSwitches } from './switches.ts';
import type { Extra } from './http.ts';
import type { Sandbox } from './sandbox.ts';

type Action = (sandbox: Sandbox, body: Readonly<Record<string, unknown>>) => unknown;

function zoneName(body: Readonly<Record<string, unknown>>): string {
  const name = body['zone'];
  if (typeof name !== 'string') throw new Error('zone: a name is wanted');
  return name;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const ACTIONS: Readonly<Record<string, Action>> = {
  switches: (sandbox, body) => {
    if (isRecord(body['set'])) setSwitches(sandbox.switches, body['set']);
    return sandbox.switches;
  },
  fault: (sandbox, body) => {
    const fault = body['fault'];
    if (!isFault(fault)) throw new Error('fault: its fields are those of Fault, with an effect');
    sandbox.faults.add(fault);
    return sandbox.faults.waiting;
  },
  clearFaults: (sandbox) => {
    sandbox.faults.clear();
    return [];
  },
  zones: (sandbox) => sandbox.zones(),
  records: (sandbox, body) => sandbox.records(zoneName(body)),
  keys: (sandbox, body) => sandbox.keys(zoneName(body)),
  requests: (sandbox) => sandbox.requests,
  restartPanel: (sandbox, body) => {
    sandbox.restartPanel({ keepCache: body['keepCache'] === true });
    return null;
  },
  changeCertificate: async (sandbox) => {
    await sandbox.changeCertificate();
    return { fingerprint: sandbox.fingerprint };
  },
};

function readCommand(body: string): Readonly<Record<string, unknown>> {
  const command: unknown = JSON.parse(body);
  if (!isRecord(command)) throw new Error('an object is wanted');
  return command;
}

/**
 * Handles `POST /sandbox/control`, which tests in other processes use. The body is JSON, `{"action"}` with
 * its fields; the header `X-Sandbox-Token` contains the token. The answer is `{"result"}`, or `{"error"}`
 * with status 400 (403 without the token).
 */
export function control(token: string, sandbox: () => Sandbox): Extra {
  return async (request, body) => {
    if (request.headers['x-sandbox-token'] !== token) return { status: 403, body: '{"error":"token"}' };
    try {
      const command = readCommand(body);
      const action = ACTIONS[String(command['action'])];
      if (action === undefined) throw new Error(`action: one of ${Object.keys(ACTIONS).join(', ')}`);
      return { status: 200, body: JSON.stringify({ result: await action(sandbox(), command) }) };
    } catch (error) {
      return { status: 400, body: JSON.stringify({ error: String(error) }) };
    }
  };
}
