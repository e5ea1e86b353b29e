import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { validOrElse } from '../../dns/problem.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError } from '../../core/panel.ts';
import { refusalOf, type PanelRefusal } from '../../net/ispmanager/errors.ts';
import { panelName, type IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import { parseXmlInSlices, XmlError, type XmlElement } from '../../net/xml.ts';
import type { PanelPorts } from '../module.ts';
import { ispmanager5, dnsmanager } from './ispmanager5.ts';
import type { PanelDialect } from './dialect.ts';
import { outsideUnit, panelRuns, type Command } from './outside.ts';
import { ispmanager4 } from './ispmanager4.ts';

export interface IspmanagerPanelSettings extends Partial<PanelPorts> {
  /** The panel's root directory, such as `/usr/local/mgr5`. */
  readonly root: string;
  readonly kind: IspmanagerKind;
  /** Absolute path of the panel's command-line tool; `sbin/mgrctl` below the root by default. */
  readonly mgrctl?: string;
  /** How long one local call may take, in milliseconds; 30 s by default. */
  readonly timeout?: number;
}

export function dialectOf({ kind }: IspmanagerPanelSettings): PanelDialect {
  return dialects[kind];
}

const dialects: Readonly<Record<IspmanagerKind, PanelDialect>> = {
  ispmanager4,
  ispmanager6: ispmanager5,
  dnsmanager,
};

export function localTool({ root, kind, mgrctl, timeout, service }: IspmanagerPanelSettings) {
  return {
    root,
    /**
     * `service`: whether this process is a confined service. `fails`: whether the tool fails as a child of
     * this process, but works outside of this process's unit.
     */
    confined: { service: service ?? false, fails: false },
    /** Absolute path of `mgrctl`. */
    mgrctl: mgrctl ?? join(root, 'sbin/mgrctl'),
    /** The panel's own name, such as `ispmgr`. */
    panel: panelName(kind),
    /** Milliseconds that one call may take. */
    timeout: timeout ?? 30_000,
  };
}

/** The panel's tool on this host. */
export type LocalTool = Readonly<ReturnType<typeof localTool>>;

/** Largest answer that is read, in octets. 10,000 zones have about 3 MB, 100,000 records about 20 MB. */
const mostOutput = 32 * 1024 * 1024;

/**
 * Arguments whose values are passed to the tool in its environment, so that no list of processes shows them.
 */
export interface HiddenArguments {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export type ToolAnswer =
  | { readonly kind: 'document'; readonly document: XmlElement }
  | { readonly kind: 'refused'; readonly refusal: PanelRefusal };

/**
 * Calls the panel through its command-line tool, as root, and parses its XML answer
 * (docs/protocol.md#mgrctl). Must not be called while a handler of the panel runs.
 * @throws {PanelError} `panel.unreachable` if the tool fails or takes too long, `panel.garbled` if its answer
 *   is no XML
 */
export async function callPanel(
  tool: LocalTool,
  parameters: Readonly<Record<string, string>>,
  ctx: CallContext,
  hidden: HiddenArguments = { words: [], environment: {} },
): Promise<ToolAnswer> {
  const { func = '', ...rest } = parameters;
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  const call: ToolCommand = {
    program: tool.mgrctl,
    words: ['-m', tool.panel, '-o', 'xml', func, ...pairs, ...hidden.words],
    input: '',
    environment: { ...plainEnvironment, ...hidden.environment },
  };
  const needsAll = parameters['sok'] !== undefined || tool.confined.fails;
  if (!tool.confined.service || needsAll || !panelRuns(tool.root, tool.panel))
    return await answerOf(await run(tool, withAllRights(tool, call), ctx));
  return await confinedCall(tool, call, ctx);
}

/**
 * Reads a running panel with the tool as a child process, under the limits of our systemd unit. The tool's
 * documentation does not say which rights it needs. If a call fails inside the unit but works outside, all
 * later calls run outside.
 */
async function confinedCall(tool: LocalTool, call: ToolCommand, ctx: CallContext): Promise<ToolAnswer> {
  try {
    const answer = await answerOf(await run(tool, call, ctx));
    if (answer.kind === 'document' || answer.refusal.kind !== 'other') return answer;
  } catch (error) {
    if (!(error instanceof PanelError) || ctx.signal.aborted) throw error;
  }
  const answer = await answerOf(await run(tool, withAllRights(tool, call), ctx));
  tool.confined.fails ||= answer.kind === 'document';
  return answer;
}

/** Parses what the tool printed. @throws {PanelError} `panel.garbled` */
async function answerOf(output: string): Promise<ToolAnswer> {
  try {
    const document = await parseXmlInSlices(output.trimStart());
    const refusal = refusalOf(document);
    return refusal === null ? { kind: 'document', document } : { kind: 'refused', refusal };
  } catch (error) {
    if (error instanceof XmlError) throw new PanelError('panel.garbled', { text: error.message }, error);
    throw error;
  }
}

/** The document of an answer. @throws {PanelError} `panel.refused` if the answer is an error */
export function acceptedDocument(answer: ToolAnswer): XmlElement {
  if (answer.kind === 'document') return answer.document;
  throw new PanelError('panel.refused', { text: answer.refusal.text });
}

/**
 * The record as fields of the panel's form.
 * @throws {PanelError} `panel.refused` if the form cannot hold it
 */
export function formOf(record: ResourceRecord, records: RecordDialect): Record<string, string> {
  return validOrElse(
    () => ({ ...records.form(record) }),
    (error) => {
      throw new PanelError('panel.refused', { text: `no form for a ${record.type} record` }, error);
    },
  );
}

/** The environment of the tool, except for hidden arguments. */
const plainEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

interface ToolCommand extends Command {
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Makes the command run outside the limits of our systemd unit. A write needs this, and so does a call that
 * may start the panel.
 */
function withAllRights({ confined, timeout }: LocalTool, call: ToolCommand): ToolCommand {
  if (!confined.service) return call;
  return { ...outsideUnit(call, call.environment, timeout), environment: plainEnvironment };
}

async function run(
  { timeout }: LocalTool,
  { program, words, input, environment }: ToolCommand,
  ctx: CallContext,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const { signal } = ctx;
    if (signal.aborted) {
      reject(tookTooLong());
      return;
    }
    const options = {
      timeout,
      killSignal: 'SIGKILL' as const,
      maxBuffer: mostOutput,
      encoding: 'utf8' as const,
      env: environment,
    };
    const child = execFile(program, [...words], options, (error, stdout) => {
      signal.removeEventListener('abort', end);
      // The tool's exit status after an error of the function is not documented (docs/protocol.md#mgrctl). So
      // an answer counts with any exit status.
      if (error === null || (typeof error.code === 'number' && stdout.trim() !== '')) resolve(stdout);
      else reject(new PanelError('panel.unreachable', { text: reasonOf(error, basename(program)) }, error));
    });
    // The option `signal` of `execFile` is not used. If the program could not be started, Node.js 24 would
    // then kill any process: the pid is not initialised.
    const end = (): void => {
      if (child.pid !== undefined) child.kill('SIGKILL');
      reject(tookTooLong());
    };
    signal.addEventListener('abort', end, { once: true });
    // The program may end without reading its input. Its exit status then reports the error.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function tookTooLong(): PanelError {
  return new PanelError('panel.unreachable', { text: 'mgrctl took too long' });
}

/** The reason why the tool failed. Leaves out the command line, which may contain our echo token. */
function reasonOf(
  error: Error & { code?: unknown; killed?: boolean; signal?: unknown },
  program: string,
): string {
  if (error.killed === true) return 'mgrctl took too long';
  return typeof error.code === 'number'
    ? `${program} ended with status ${error.code}`
    : `${program}: ${String(error.code)}`;
}
