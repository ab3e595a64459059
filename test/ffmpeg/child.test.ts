import { describe, expect, it } from 'vitest';
import { type ChildRun, runChild } from '../../src/ffmpeg/child.ts';

const never = new AbortController().signal;
const PATIENCE = 20_000;

/** A program of a few lines of JavaScript. */
const script = (code: string, given: Partial<ChildRun> = {}): ChildRun => ({
  program: process.execPath,
  args: ['-e', code],
  input: null,
  patience: PATIENCE,
  signal: never,
  ...given,
});

async function all(run: ChildRun): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of runChild(run)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function* bytesOf(...texts: readonly string[]): AsyncGenerator<Uint8Array[]> {
  for (const text of texts) yield [new TextEncoder().encode(text)];
}

/** Never comes. */
const NOTHING: AsyncIterable<Uint8Array[]> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};

const ECHO = 'process.stdin.pipe(process.stdout)';
const HANG = 'setInterval(() => undefined, 1000)';

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A process that was killed is there until its parent has looked after it. */
async function expectGone(pid: number): Promise<void> {
  for (let i = 0; i < 100 && isThere(pid); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isThere(pid)).toBe(false);
}

describe('what a program writes', () => {
  it('comes in order, to its end', async () => {
    expect(await all(script(ECHO, { input: bytesOf('a', 'b', 'c') }))).toBe('abc');
    expect(await all(script('process.stdout.write("nothing read")'))).toBe('nothing read');
    expect(await all(script(''))).toBe('');
  });

  it('comes to an end where it does not read all of its input', async () => {
    const endless = (async function* () {
      for (;;) yield [new Uint8Array(65_536)];
    })();
    expect(
      await all(script('process.stdout.write("enough", () => process.exit(0))', { input: endless })),
    ).toBe('enough');
  });

  it('comes to an end while more of its input is waited for', async () => {
    expect(
      await all(script('process.stdout.write("enough", () => process.exit(0))', { input: NOTHING })),
    ).toBe('enough');
  });
});

describe('it fails', () => {
  it.each<readonly [what: string, ChildRun, message: RegExp]>([
    [
      'by its exit code',
      script('console.error("no chip"); process.exit(3)'),
      /^FFmpeg ended with code 3: no chip$/,
    ],
    ['by a signal', script('process.kill(process.pid, "SIGSEGV")'), /^FFmpeg was killed by SIGSEGV/],
    ['where there is no such program', script('', { program: '/no/such/program' }), /cannot be started/],
    ['where it hangs at its beginning', script(HANG, { patience: 300 }), /^FFmpeg gave nothing for 0.3 s$/],
    [
      'where it hangs though it was given much',
      script(HANG, { patience: 300, input: bytesOf('x'.repeat(2 ** 21), 'y') }),
      /gave nothing/,
    ],
    [
      'where it stops after a while',
      script(`process.stdout.write('a'); ${HANG}`, { patience: 700, input: bytesOf('x') }),
      /gave nothing/,
    ],
    [
      'where it writes no more but does not end',
      script(`require('node:fs').closeSync(1); ${HANG}`, { patience: 700, input: NOTHING }),
      /gave nothing/,
    ],
    [
      'while more of its input is waited for',
      script('process.exit(1)', { input: NOTHING }),
      /^FFmpeg ended with code 1/,
    ],
  ])('%s', async (_, run, message) => {
    await expect(all(run)).rejects.toMatchObject({
      code: 'not-offered',
      message: expect.stringMatching(message),
    });
  });

  it('and keeps no more than the end of what it said', async () => {
    const talk = 'process.stderr.write("x".repeat(1e6) + " at last", () => process.exit(1))';
    const message = await all(script(talk)).catch((reason: unknown) => String(reason));
    expect(message.slice(-10)).toBe('xx at last');
    expect(message.length).toBeLessThan(5000);
  });

  it('with the fault of its input', async () => {
    const broken = (async function* () {
      yield [new Uint8Array(10)];
      throw new Error('upstream');
    })();
    await expect(all(script(ECHO, { input: broken }))).rejects.toThrow('upstream');
  });
});

it('silence while its input is waited for is not its fault', async () => {
  const slow = (async function* () {
    yield* bytesOf('a');
    await new Promise((resolve) => setTimeout(resolve, 900));
    yield* bytesOf('b');
  })();
  expect(await all(script(ECHO, { input: slow, patience: 600 }))).toBe('ab');
});

it('so is what it writes and nobody takes', async () => {
  const chunks = runChild(
    script('process.stdout.write("a"); setTimeout(() => process.stdout.write("b"), 200)', { patience: 600 }),
  );
  expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('a');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const rest: string[] = [];
  for await (const chunk of chunks) rest.push(Buffer.from(chunk).toString());
  expect(rest.join('')).toBe('b');
});

it('is read no faster than it is taken, and reads no faster itself', async () => {
  let given = 0;
  const endless = (async function* () {
    for (;;) {
      given += 65_536;
      yield [new Uint8Array(65_536)];
    }
  })();
  const chunks = runChild(script(ECHO, { input: endless }));
  await chunks.next();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = given;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(given).toBe(before);
  expect(given).toBeLessThan(4 * 2 ** 20);
  await chunks.return(undefined);
});

describe('nothing is left of it', () => {
  /** Tells its own number and that of a program that it started, which would live on. */
  const FAMILY = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(HANG)}], { stdio: 'inherit' });
    process.stdout.write(process.pid + ' ' + child.pid + '\\n');`;

  async function family(run: ChildRun) {
    const chunks = runChild(run);
    const text = Buffer.from((await chunks.next()).value ?? []).toString();
    return { chunks, pids: text.trim().split(' ').map(Number) };
  }

  it('when it is aborted', async () => {
    const controller = new AbortController();
    const { chunks, pids } = await family(script(`${FAMILY}${HANG}`, { signal: controller.signal }));
    expect(pids.map(isThere)).toEqual([true, true]);
    controller.abort(new Error('gone'));
    await expect(chunks.next()).rejects.toThrow('gone');
    for (const pid of pids) await expectGone(pid);
  });

  it('when nobody takes more of it', async () => {
    const { chunks, pids } = await family(script(`${FAMILY}${HANG}`, { input: NOTHING }));
    await chunks.return(undefined);
    for (const pid of pids) await expectGone(pid);
  });

  it('when it ends, well or not, before what it started', async () => {
    for (const code of [0, 1]) {
      const { chunks, pids } = await family(script(`${FAMILY}setTimeout(() => process.exit(${code}), 100)`));
      const rest = chunks.next();
      if (code === 0) expect(await rest).toMatchObject({ done: true });
      else await expect(rest).rejects.toMatchObject({ code: 'not-offered' });
      for (const pid of pids) await expectGone(pid);
    }
  });

  it('when it was aborted before it began', async () => {
    const controller = new AbortController();
    controller.abort(new Error('gone'));
    await expect(all(script(HANG, { signal: controller.signal }))).rejects.toThrow('gone');
  });
});
