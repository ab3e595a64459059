import { expect, test } from 'vitest';
import { concat, memorySource } from '../../src/core/bytes.ts';
import { planTitle } from '../../src/pipeline/plan-title.ts';
import { planRenditions } from '../../src/pipeline/renditions.ts';
import { segmentCount } from '../../src/pipeline/title.ts';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture } from '../helpers/fixtures.ts';
import { NEVER, newCache, segmentBytes } from './serve.ts';

async function video(recovery: 'shown' | 'hidden') {
  const source = memorySource(fixture('open-gop'));
  const title = await planTitle(source, { video: null, audio: null, recovery }, NEVER);
  const renditions = planRenditions(title);
  const [rendition] = renditions;
  if (!rendition) throw new Error('no video');
  const count = segmentCount(title);
  const spans = newCache();
  const parts = [rendition.muxer.init()];
  for (let n = 0; n < count; n++)
    parts.push(await segmentBytes({ title, renditions, count, transcoder: null }, rendition, n, spans));
  return { version: title.version, bytes: concat(parts) };
}

test('hidden recovery points: other addresses, fewer bytes, the same pictures', async (context) => {
  const [shown, hidden] = [await video('shown'), await video('hidden')];
  expect(hidden.version).not.toBe(shown.version);
  expect(hidden.bytes.length).toBeLessThan(shown.bytes.length);
  needsFfmpeg(context);
  const pictures = (bytes: Uint8Array) => {
    const { stdout, stderr } = run('ffmpeg', ['-i', 'pipe:0', '-f', 'framemd5', 'pipe:1'], bytes);
    expect(stderr).toBe('');
    return stdout.toString();
  };
  expect(pictures(hidden.bytes)).toBe(pictures(shown.bytes));
});
