import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MediaError } from '../../src/core/errors.ts';
import { decodeArguments, decodeSound } from '../../src/ffmpeg/decode-sound.ts';
import { findProgram } from '../../src/ffmpeg/find.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-program-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.useRealTimers());

/** A program that does this instead. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

const decode = (path: string, { signal = new AbortController().signal, maxBytes = 1000 } = {}) =>
  decodeSound([Uint8Array.of(1, 2, 3, 4)], { program: path, stream: 'aac', channels: 2, signal, maxBytes });

const code = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: MediaError) => error.code,
  );

test('the whole command line', () => {
  expect(decodeArguments('truehd', 8).join(' ')).toBe(
    '-hide_banner -nostdin -loglevel error -threads 1 -f truehd -i pipe:0 -map 0:a:0 -ac 8 -c:a pcm_f32le -f f32le pipe:1',
  );
});

describe.skipIf(process.platform === 'win32')('a program', () => {
  test('is given the stream and answers with samples', async () => {
    expect(await decode(program('echo', 'cat; echo rest'))).toEqual(
      Uint8Array.of(1, 2, 3, 4, ...Buffer.from('rest\n')),
    );
  });

  test('that fails says why', async () => {
    const failing = decode(program('fails', 'cat > /dev/null; echo "no such thing" >&2; exit 1'));
    await expect(failing).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('no such thing'),
    });
  });

  test.each([
    { what: 'reads nothing and ends', script: 'exit 3', expected: 'corrupt' },
    { what: 'is killed, though it gave something', script: 'cat; kill -9 $$', expected: 'corrupt' },
    { what: 'fails behind what it gave', script: 'cat; exit 1', expected: 'no error' },
    { what: 'gives more than there is', script: 'cat /dev/zero', expected: 'limit' },
  ])('that $what: $expected', async ({ what, script, expected }) => {
    expect(await code(decode(program(what.replaceAll(/\W/g, '-'), script)))).toBe(expected);
  });

  test('that is not there', async () => {
    expect(await code(decode(join(folder, 'nothing')))).toBe('not-offered');
  });

  test('that hangs is ended after half a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hanging = code(decode(program('hangs', 'sleep 60')));
    await vi.advanceTimersByTimeAsync(29_999);
    const early = await Promise.race([hanging, new Promise((resolve) => setImmediate(resolve, 'not yet'))]);
    expect(early).toBe('not yet');
    await vi.advanceTimersByTimeAsync(1);
    expect(await hanging).toBe('corrupt');
  });

  test('is killed at once when nobody wants its answer any more', async () => {
    const controller = new AbortController();
    const place = join(folder, 'pid');
    const path = program('waits', `echo $$ > ${place}.new; mv ${place}.new ${place}; exec sleep 60`);
    const waiting = decode(path, { signal: controller.signal });
    const reason = new Error('gone');
    const pid = await vi.waitFor(() => Number(readFileSync(place, 'utf8')));
    expect(() => process.kill(pid, 0)).not.toThrow();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  });

  test('is not started for somebody who has left', async () => {
    const reason = new Error('gone');
    await expect(decode(join(folder, 'nothing'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe.skipIf(process.platform === 'win32')('the program is looked for', () => {
  const other = join(folder, 'other');
  let tool = '';
  beforeAll(() => {
    tool = program('tool', 'exit 0');
    writeFileSync(join(folder, 'plain'), '', { mode: 0o644 });
  });

  test.each([
    { name: 'tool', path: () => [other, folder], found: () => tool },
    { name: 'tool', path: () => [other], found: () => null },
    { name: 'tool', path: () => [], found: () => null },
    { name: 'plain', path: () => [folder], found: () => null },
    { name: 'tool.exe', path: () => [folder], found: () => null },
    { name: join(folder, 'tool'), path: () => [], found: () => tool },
    { name: join(folder, 'nothing'), path: () => [folder], found: () => null },
  ])('$name', async ({ name, path, found }) => {
    expect(await findProgram(name, { path: path().join(delimiter), ending: '' })).toBe(found());
  });

  test('with the ending that programs have', async () => {
    const path = program('other.exe', 'exit 0');
    expect(await findProgram('other', { path: folder, ending: '.exe' })).toBe(path);
  });
});
