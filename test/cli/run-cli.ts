import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
export const projectFolder = fileURLToPath(new URL('../../', import.meta.url));

export interface Ended {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The first match in what it writes to either stream. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
}

/** The built command in a process of its own, in the project's folder. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: projectFolder,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({
    code: code ?? null,
    out: Buffer.concat(out),
    err: Buffer.concat(err).toString(),
  }));
  const seen = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(Buffer.concat([...out, ...err]).toString());
        if (match) resolve(match);
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      look();
      void ended.then(({ err: told }) => reject(new Error(`Ended without ${pattern}: ${told}`)));
    });
  return { child, ended, seen };
}

export const runCli = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  startCli(args, env).ended;
