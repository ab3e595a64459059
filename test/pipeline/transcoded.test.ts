import { beforeAll, describe, expect, it } from 'vitest';
import { audioFrameRange } from '../../src/core/audio-frames.ts';
import { concat } from '../../src/core/bytes.ts';
import { nanoseconds } from '../../src/core/time.ts';
import { AAC_FRAME } from '../../src/core/transcoding.ts';
import { needsFfmpeg } from '../helpers/ffmpeg.ts';
import { readSegment } from './mp4-reader.ts';
import { segmentBytes, serve } from './serve.ts';
import * as m from './transcoded-measure.ts';
import { decodedFrames, decodeStereo, makeFilm } from './transcoded-signal.ts';

const G61 = ['-g', '61'];
const SECONDS = 20;
const FILMS = [
  { name: 'AC-3 5.1, 48 kHz', rate: 48_000, channels: 6, codec: ['ac3', '-b:a', '448k'], keys: G61 },
  { name: 'E-AC-3 5.1, 48 kHz', rate: 48_000, channels: 6, codec: ['eac3', '-b:a', '448k'], keys: G61 },
  { name: 'DTS 5.1, 48 kHz', rate: 48_000, channels: 6, codec: ['dca', '-strict', '-2'], keys: G61 },
  { name: 'MP3, 44.1 kHz', rate: 44_100, channels: 2, codec: ['libmp3lame', '-b:a', '192k'], keys: G61 },
  { name: 'MP2, 48 kHz', rate: 48_000, channels: 2, codec: ['mp2', '-b:a', '256k'], keys: G61 },
  { name: 'Vorbis, 44.1 kHz', rate: 44_100, channels: 2, codec: ['libvorbis', '-q:a', '6'], keys: G61 },
  { name: 'Vorbis, 48 kHz', rate: 48_000, channels: 2, codec: ['libvorbis', '-q:a', '6'], keys: G61 },
  { name: 'Opus', rate: 48_000, channels: 2, codec: ['libopus', '-b:a', '160k'], keys: G61 },
  { name: 'FLAC, 44.1 kHz', rate: 44_100, channels: 2, codec: ['flac'], keys: G61 },
  { name: 'PCM, 48 kHz', rate: 48_000, channels: 2, codec: ['pcm_s16le'], keys: G61 },
  { name: 'AC-3, 44.1 kHz, late', rate: 44_100, channels: 2, codec: ['ac3', '-b:a', '192k'], keys: G61, late: 3 },
] as const;

describe.for(FILMS)('$name', (options) => {
  it('x', async () => {
    let t = performance.now();
    const lap = (s: string) => { const n = performance.now(); console.log(options.name, s, Math.round(n - t)); t = n; };
    const film = makeFilm({ ...options, seconds: SECONDS });
    lap('made ' + film.length);
    const transcoder = m.createTranscoder();
    const served = await serve(film, transcoder);
    lap('planned ' + served.title.survey);
    const rendition = m.encodedOf(served);
    const parts: Uint8Array[] = [];
    for (let n = 0; n < served.count; n++) parts.push(await segmentBytes(served, rendition, n));
    lap('segments');
    const job = await m.asOneSegment(served, rendition);
    const sent = await m.samplesOf(job);
    lap('sent');
    const whole = m.decodePackets(await m.packetsOf(transcoder, job), rendition);
    lap('whole');
    const heard = decodeStereo(concat([rendition.muxer.init(), ...parts]), 'mp4');
    const source = decodeStereo(film);
    const frames = decodedFrames(film);
    lap('decoded');
    const { clock } = rendition.audio;
    const [first] = frames;
    const position = clock.ticksAt(nanoseconds(first!.time));
    const exact = (first!.time - served.title.zero) / 1e9 * options.rate;
    console.log('position', position, exact, 'zero', served.title.zero, first, source[0]!.length, frames.reduce((s, f) => s + f.samples, 0), rendition.aac.boundaries, clock);
    const borders = rendition.aac.boundaries.slice(1, -1).map((b) => Math.ceil(b / 1024) * 1024);
    const places = [position + 8192, ...borders, position + source[0]!.length >> 1, position + source[0]!.length - 8192];
    console.log(places.map((at) => { const l = m.lagAt({ planes: source, position }, { planes: heard, position: 0 }, at); return `${l.samples} (${l.likeness.toFixed(4)})`; }).join(' '));
    lap('lags');
    const excess = borders.map((b) => m.decibels(m.noiseOf(sent, heard, [b - 2048, b + 2048]) / m.noiseOf(sent, whole, [b - 2048, b + 2048])));
    console.log('excess', excess.map((e) => e.toFixed(2)).join(' '), 'noise', m.decibels(m.noiseOf(sent, whole, [0, 1e9]) / m.noiseOf(sent, [new Float32Array(), new Float32Array()], [0, 1e9])).toFixed(1), heard[0]!.length, whole[0]!.length, sent[0]!.length);
    for (let n = 1; n < served.count; n++) {
      const j = await m.jobOfSegment(served, rendition, n);
      const s = await m.samplesOf(j);
      const from = (j.first - 16) * 1024;
      const d = s.map((p, c) => p.reduce((w, x, i) => Math.max(w, Math.abs(x - (sent[c]![from + i] ?? 0))), 0));
      console.log('pcm', n, d.join(' '));
    }
    lap('pcm');
  });
});
