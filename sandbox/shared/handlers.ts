import { spawn } from 'node:child_process';
import { closeSync, statSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Pipe, Pipes } from './pipes.ts';

/** How a handler ended. */
export type Ending =
  | { readonly kind: 'exited'; readonly status: number; readonly output: string }
  /** By its own signal, or because it took too long; what it printed until then does not count. */
  | { readonly kind: 'killed'; readonly reason: string }
  | { readonly kind: 'not-started'; readonly reason: string };

export interface HandlerRun {
  readonly path: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  readonly timeoutMs: number;
  /** Descriptor of the log file, for stderr. */
  readonly log: number;
  /** Refuse programs with any of these mode bits (docs/protocol.md#files-4); 0: none. */
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

/** Handlers that run now; each is the leader of its own process group. */
export class Handlers {
  readonly #running = new Set<ChildProcess>();
  readonly #pipes: Pipes;

  constructor(pipes: Pipes) {
    this.#pipes = pipes;
  }

  /**
   * Runs one handler until it has ended and closed its output; past the time-out its whole group is killed.
   */
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
    // ESRCH: the group ended between our look and our signal.
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
      // Someone who left the group may still hold the output open: the panel does not wait for him.
      child.stdout?.destroy();
    }, run.timeoutMs);
    const end = (ending: Ending): void => {
      clearTimeout(timer);
      input.destroy();
      resolve(ending);
    };
    child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
    // A handler need not read its input.
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
