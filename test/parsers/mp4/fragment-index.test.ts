import { expect, test } from 'vitest';
import { openMp4 } from '../../../parsers/mp4/demuxer.ts';
import { memorySource } from '../../../src/core/bytes.ts';
import { needsFfmpeg } from '../../helpers/ffmpeg.ts';
import { NEVER, readAll } from '../mpegts/streams.ts';
import { ffmpegFile, X264_AAC } from './track-files.ts';

test.for([
  // FFmpeg's mfra has the times of decoding.
  { name: 'mfra, with an edit list', flags: 'frag_keyframe+delay_moov' },
  { name: 'mfra, without one', flags: 'frag_keyframe+empty_moov' },
  { name: 'sidx, with an edit list', flags: 'dash+delay_moov+global_sidx' },
])('$name: seek points are when pictures are shown', async ({ flags }, context) => {
  needsFfmpeg(context);
  const demuxer = await openMp4(memorySource(ffmpegFile([...X264_AAC, '-movflags', flags])), NEVER);
  const keys = (await readAll(demuxer)).filter(({ trackId, isKey }) => trackId === 1 && isKey);
  const points = demuxer.seekPoints(1) ?? [];
  expect(points.map(({ time, position }) => [time, position])).toEqual(
    keys.map(({ time, entry }) => [time, entry]),
  );
  expect(points.length).toBeGreaterThan(3);
});
