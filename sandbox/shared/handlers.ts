import { spawn } from 'node:child_process';
import { closeSync, statSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Pipe, Pipes } from './pipes.ts';

/** How a handler ended: it `exited`, was `killed`, or could not be started. */
export type Ending =
  | { readonly kind: 'exited'; readonly status: number; readonly output: string }
  /** A signal or the time-out killed the handler. Its output is not used. */
  | { readonly kind: 'killed'; readonly reason: string }
  | { readonly kind: 'not-started'; readonly reason: string };

export interface HandlerRun {
  readonly path: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  readonly timeoutMs: number;
  /** File descriptor of the log. The handler's stderr goes there. */
  readonly log: number;
  /**
   * Programs that have any of these mode bits are not started (docs/protocol.md#files-4); 0: every program is
   * started.
   */
  readonly forbiddenMode: number;
}

function refusal(run: HandlerRun): string | null {
  try {
    const { mode } = statSync(run.path);
    if ((mode & 0o100) === 0) return 'not executable';
    return (mode & run.forbiddenMode) === 0 ? null : 'open to group or others';
  } catch (error) {
    return String(error);
  }
}

/** The running handlers. Each leads a process group of its own. */
export class Handlers {
  readonly #running = new Set<ChildProcess>();
  readonly #pipes: Pipes;

  constructor(pipes: Pipes) {
    this.#pipes = pipes;
  }

  /** Runs a handler until it has ended and closed its output. After the time-out, kills its process group. */
  async run(run: HandlerRun): Promise<Ending> {
    const reason = refusal(run);
    if (reason !== null) return { kind: 'not-started', reason };
    const pipe = this.#pipes.open();
    let child: ChildProcess;
    try {
      child = start(run, pipe);
    } catch (error) {
      pipe.input.destroy();
      return { kind: 'not-started', reason: String(error) };
    } finally {
      closeSync(pipe.end);
    }
    this.#running.add(child);
    const ending = await follow(child, run, pipe.input);
    this.#running.delete(child);
    return ending;
  }

  killAll(): void {
    for (const child of this.#running) killGroup(child);
  }
}

function start(run: HandlerRun, { end }: Pipe): ChildProcess {
  return spawn(run.path, [], {
    cwd: run.cwd,
    env: run.env,
    detached: true,
    stdio: [end, 'pipe', run.log],
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: the process group had ended just before the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function follow(child: ChildProcess, run: HandlerRun, input: Socket): Promise<Ending> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child);
      // A process that has left the group may keep the output open. The panel does not wait for such a
      // process.
      child.stdout?.destroy();
    }, run.timeoutMs);
    const end = (ending: Ending): void => {
      clearTimeout(timer);
      input.destroy();
      resolve(ending);
    };
    child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
    // A handler may end before it has read its input. This is no error.
    input.on('error', () => input.destroy());
    child.on('error', (error) => end({ kind: 'not-started', reason: String(error) }));
    child.on('close', (status, signal) => {
      if (late) end({ kind: 'killed', reason: `no answer within ${run.timeoutMs} ms` });
      else if (status === null) end({ kind: 'killed', reason: String(signal) });
      else end({ kind: 'exited', status, output: Buffer.concat(pieces).toString() });
    });
    input.end(run.input);
  });
}
