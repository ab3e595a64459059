import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openChannelFile } from '../../src/channels/channel-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-channels-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('is read again when it has changed, and not else', async () => {
  const path = join(folder, 'list.m3u');
  writeFileSync(path, 'one');
  const file = openChannelFile(path);
  const first = await file.read();
  expect(first.text).toBe('one');
  expect(await file.read()).toBe(first);
  writeFileSync(path, 'two');
  utimesSync(path, new Date(0), new Date(0));
  expect((await file.read()).text).toBe('two');
});

it('that is not there is told without its path', async () => {
  const reading = openChannelFile(join(folder, 'none')).read();
  await expect(reading).rejects.toMatchObject({
    code: 'not-found',
    message: 'The list of channels cannot be read',
  });
});
