import { describe, expect, test } from 'vitest';
import { readCodecDelay } from '../../../parsers/matroska/codec-delay.ts';
import { Master } from '../../../parsers/matroska/ebml.ts';
import { child } from '../../helpers/matroska-edit.ts';
import * as w from '../../helpers/matroska-writer.ts';
import { readFile } from './reading.ts';

/** OpusHead with a pre-skip of 312 samples: 6.5 ms (RFC 7845, 5.1). */
const OPUS_HEAD = w.hex('4f70757348656164 01 02 3801 80bb0000 0000 00');
const entryOf = (delay: number | null, codec = 'A_OPUS') =>
  w.audioTrack({
    number: 1,
    codec,
    rate: 48_000,
    channels: 2,
    private: OPUS_HEAD,
    extra: delay === null ? [] : w.uint(w.ID.CodecDelay, delay),
  });
const delayOf = (entry: Uint8Array, muxingApp: string | null) =>
  readCodecDelay(new Master(child(entry, w.ID.TrackEntry)?.data ?? new Uint8Array(), 0), muxingApp);

describe('CodecDelay', () => {
  test.each([
    { app: 'libebml v1.4.4 + libmatroska v1.7.1', offset: 6_500_000 },
    { app: 'Lavf59.30.101', offset: 6_500_000 },
    { app: 'Lavf59.31.100', offset: 6_500_000 },
    { app: 'Lavf60.3.100', offset: 6_500_000 },
    { app: 'Lavf61.1.100', offset: 6_500_000 },
    { app: 'Lavf', offset: 6_500_000 },
    { app: null, offset: 6_500_000 },
    { app: 'Lavf59.30.100', offset: 0 },
    { app: 'Lavf59.27.100', offset: 0 },
    { app: 'Lavf58.76.100', offset: 0 },
    { app: 'Lavf57.83.100', offset: 0 },
  ])('written by $app: stamps less $offset ns', ({ app, offset }) => {
    expect(delayOf(entryOf(6_500_000), app)).toEqual({ delay: 6_500_000, offset });
  });

  test.each([
    // What FFmpeg 5.1 wrote for a source of 16 kHz: 104 samples of 16 kHz, taken for 48 kHz.
    { name: 'Opus from 16 kHz by libavformat 59.27.100', entry: entryOf(2_166_667), delay: 6_500_000 },
    { name: 'another codec', entry: entryOf(2_166_667, 'A_AAC'), delay: 2_166_667 },
    { name: 'none', entry: entryOf(null, 'A_AAC'), delay: 0 },
    { name: 'more than a second', entry: entryOf(2e9, 'A_AAC'), delay: 0 },
  ])('$name: $delay ns', ({ entry, delay }) => {
    expect(delayOf(entry, 'Lavf59.27.100')).toEqual({ delay, offset: 0 });
  });

  /**
   * The first blocks of `ffmpeg -f lavfi -i testsrc -f lavfi -i sine -c:v libx264 -c:a libopus x.mkv` with FFmpeg 5.1:
   * sound and picture begin together; picture at 7 ms, sound at 0 with 6.5 ms that the decoder gives before it.
   */
  test.each([
    { app: 'Lavf59.27.100', audio: 0, heard: 6.5 },
    { app: 'Lavf59.30.101', audio: -6.5, heard: 0 },
  ])('sound and picture of $app', async ({ app, audio, heard }) => {
    const file = w.matroska(
      w.info({ muxingApp: app }),
      w.tracks(entryOf(6_500_000), w.videoTrack({ number: 2, codec: 'V_X', width: 16, height: 16 })),
      w.cluster(
        0,
        w.simpleBlock({ track: 1, time: 0, isKey: true }, w.hex('fc')),
        w.simpleBlock({ track: 2, time: 7, isKey: true }, w.hex('aa')),
      ),
    );
    const { samples, demuxer } = await readFile(file);
    expect(samples.map(({ trackId, time }) => [trackId, time / 1e6])).toEqual([
      [1, audio],
      [2, 7],
    ]);
    const [track] = demuxer.tracks;
    const delay = track?.kind === 'audio' ? track.codecDelay / 1e6 : null;
    expect([delay, audio + (delay ?? 0)]).toEqual([6.5, heard]);
  });
});
