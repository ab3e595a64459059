import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMPLAINT = /error|warn|fail|corrupt|invalid|\]\[[ew]\]/i;
/** What is said of a machine without a desktop, and the lines mpv marks as talk. */
const NO_COMPLAINT = /interface|D-Bus|is too late|\]\[[dv]\]/;

/** The lines of a log that complain, those that differ in numbers and addresses only once. */
export function complaintsIn(log) {
  const lines = log
    .split('\n')
    .filter((line) => COMPLAINT.test(line) && !NO_COMPLAINT.test(line))
    .map((line) => line.replace(/^\[[^\]]*\] ?/, '').replaceAll(/ @ 0x[\da-f]+/g, ''))
    .map((line) => line.replaceAll(/\d+:\d+:\d+\S*|0x[\da-f]+|-?\d{3,}/g, '#'));
  return [...new Set(lines)];
}

/** A player in a process of its own with a folder for its sockets and files. `options` as for spawn. */
export function startChild(argumentsIn, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-players-'));
  const [command, ...args] = argumentsIn(folder);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  const exited = once(child, 'exit');
  exited.catch(() => undefined);
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  return {
    folder,
    process: child,
    complaints: () => complaintsIn(log),
    async close() {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await exited;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until `attempt` gives something else than null. */
export async function eventually(what, attempt) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const value = await attempt();
    if (value !== null) return value;
    if (Date.now() > deadline) throw new Error(`No ${what} within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
