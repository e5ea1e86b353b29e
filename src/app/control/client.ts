import { connect } from 'node:net';
import * as v from 'valibot';
import { CommandFailed } from '../command-failed.ts';
import { inWords } from '../problems.ts';
import { anyRelease, envelope, parseAnswer, type Answers, type Question, type Requests } from './protocol.ts';
import { controlWord, end, hello, mostBody, protocolVersion } from './socket.ts';

/** How long the agent may take to answer, milliseconds. */
const patience = 30_000;

/**
 * Thrown when the agent does not answer, or reports that it cannot answer the question. The message is a
 * sentence for the user.
 */
export class AskFailed extends CommandFailed {
  override readonly name: string = 'AskFailed';
}

/** Thrown when no agent listens on the socket. */
export class NoAgent extends AskFailed {
  override readonly name = 'NoAgent';

  constructor() {
    super('The agent is not running; the next edit starts it.');
  }
}

/** Thrown when this user may not use the agent's socket. */
export class AskDenied extends AskFailed {
  override readonly name = 'AskDenied';

  constructor() {
    super('You may not talk to the agent: run this as root.');
  }
}

/**
 * Thrown when the answer does not have this release's format, because the agent belongs to another release.
 */
export class OtherRelease extends AskFailed {
  override readonly name = 'OtherRelease';

  constructor() {
    super('The agent is of another release. End it: the next edit starts the one that is installed.');
  }
}

/** The part of a status answer that agents of all releases send. */
export type RunningAgent = v.InferOutput<typeof anyRelease>;

/**
 * Asks the running agent a question.
 * @param most how long the agent may take, milliseconds
 * @throws {AskFailed} with a sentence for the user at the terminal
 */
export async function ask<N extends Question>(
  socketPath: string,
  question: N,
  parameters: Requests[N],
  most = patience,
): Promise<Answers[N]> {
  const value = await exchange(socketPath, question, parameters, most);
  return ofThisRelease(() => parseAnswer(question, value));
}

/**
 * Finds the running agent, which may be of any release; null: none runs.
 * @throws {AskFailed} when an agent runs but does not answer
 */
export async function runningAgent(socketPath: string): Promise<RunningAgent | null> {
  try {
    const value = await exchange(socketPath, 'status', {});
    return ofThisRelease(() => v.parse(anyRelease, value));
  } catch (error) {
    if (error instanceof NoAgent) return null;
    throw error;
  }
}

function ofThisRelease<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof v.ValiError) throw new OtherRelease();
    throw error;
  }
}

/** Sends a question and receives the answer. @returns the answer's value, not yet checked against a schema */
async function exchange(
  socketPath: string,
  question: Question,
  parameters: object,
  most = patience,
): Promise<unknown> {
  const text = await send(socketPath, JSON.stringify({ do: question, ...parameters }), most);
  if (!text.startsWith(hello) || !text.endsWith(end))
    throw new AskFailed('The agent did not finish its answer.');
  const whole: unknown = JSON.parse(text.slice(hello.length, -end.length));
  const answer = ofThisRelease(() => v.parse(envelope, whole));
  if (answer.ok) return answer.value;
  throw new AskFailed(inWords(answer.problems), answer.problems);
}

function send(socketPath: string, request: string, most: number): Promise<string> {
  if (Buffer.byteLength(request) > mostBody)
    throw new AskFailed(
      'This is too much for one request to the agent. Name fewer records, for example with --type.',
    );
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const chunks: Buffer[] = [];
    socket.setTimeout(most, () => socket.destroy(new AskFailed('The agent does not answer.')));
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
  return denied ? new AskDenied() : new NoAgent();
}
