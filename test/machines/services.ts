import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import type { TestContext } from 'vitest';
import { SKIPPED } from '../helpers/chromium.ts';

/** How a program tells its version. */
const PROGRAMS = { nginx: '-v', 'redis-server': '-v', ffmpeg: '-version' } as const;
type Program = keyof typeof PROGRAMS;

export const hasProgram = (program: Program): boolean => spawnSync(program, [PROGRAMS[program]]).status === 0;

/** Ends a test where the program is not installed. */
export function needs(program: Program, context: TestContext): void {
  if (!hasProgram(program)) context.skip(SKIPPED);
}

/** A port that nobody listens at just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Service {
  readonly port: number;
  readonly process: ChildProcess;
  /** What it wrote to standard error. */
  log(): string;
  close(): Promise<void>;
}

const START = 10_000;
const LOOK = 20;

/** Starts a program that stays in the foreground, and waits until it answers at its port. */
export async function startService(program: string, port: number, args: readonly string[]): Promise<Service> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = once(child, 'close');
  const close = async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
  };
  for (const start = performance.now(); !(await answers(port)); ) {
    if (child.exitCode === null && performance.now() - start < START) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      continue;
    }
    await close();
    throw new Error(`${program} does not answer at ${port}: ${log}`);
  }
  return { port, process: child, log: () => log, close };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

/** A Redis that writes nothing to disk. */
export async function startRedis(port?: number): Promise<Service & { readonly url: string }> {
  const at = port ?? (await freePort());
  const service = await startService('redis-server', at, [
    ...['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    ...['--dir', '/tmp', '--logfile', ''],
  ]);
  return { ...service, url: `redis://127.0.0.1:${at}` };
}
