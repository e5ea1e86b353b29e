import { connect } from 'node:net';
import type { Problem } from '../dns/problem.ts';
import { describeProblem } from '../core/describe.ts';
import { controlWord, end, hello, protocolVersion } from '../hook/protocol.ts';

/** Longest time an answer of the agent may take, milliseconds. */
const patience = 30_000;

/** The agent is not there, or says that it cannot. */
export class AskFailed extends Error {
  override readonly name: string = 'AskFailed';
}

/** Nobody listens on the socket. */
export class NoAgent extends AskFailed {
  override readonly name = 'NoAgent';

  constructor() {
    super('The agent is not running; the next edit starts it.');
  }
}

/**
 * Asks the running agent.
 * @throws {NoAgent | AskFailed} with a sentence for the person at the terminal
 */
export async function askAgent(
  socketPath: string,
  request: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const text = await exchange(socketPath, JSON.stringify(request));
  if (!text.startsWith(hello) || !text.endsWith(end))
    throw new AskFailed('The agent did not finish its answer.');
  const answer: unknown = JSON.parse(text.slice(hello.length, -end.length));
  if (isOk(answer)) return answer.value;
  throw new AskFailed(inWords(problemsIn(answer)));
}

/** For a person at the terminal, each said once. */
export function inWords(problems: readonly Problem[]): string {
  const lines = problems.map((problem) => `${describeProblem(problem, 'en')} [${problem.code}]`);
  return [...new Set(lines)].join('\n');
}

function exchange(socketPath: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const chunks: Buffer[] = [];
    socket.setTimeout(patience, () => socket.destroy(new AskFailed('The agent does not answer.')));
    socket.on('connect', () => {
      socket.end(`${controlWord} ${protocolVersion} 0 ${Buffer.byteLength(request)}\n${request}`);
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.on('error', (error) => {
      reject(error instanceof AskFailed ? error : unreachable(error));
    });
  });
}

function unreachable(error: Error): AskFailed {
  const denied = 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM');
  return denied ? new AskFailed('You may not talk to the agent: run this as root.') : new NoAgent();
}

function isOk(answer: unknown): answer is { readonly value: unknown } {
  return (
    typeof answer === 'object' && answer !== null && 'ok' in answer && answer.ok === true && 'value' in answer
  );
}

function problemsIn(answer: unknown): Problem[] {
  if (typeof answer !== 'object' || answer === null || !('problems' in answer)) return [];
  return Array.isArray(answer.problems) ? answer.problems.filter(isProblem) : [];
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'params' in value;
}
