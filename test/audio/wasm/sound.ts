import { run } from '../../helpers/ffmpeg.ts';

/** Noise of each its own in every channel, soft or loud by turns, without what codecs leave out. The same always. */
export function noise(channels: number, samples: number): Float32Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    let state = channel * 7919 + 1;
    let [low, lower] = [0, 0];
    return Float32Array.from({ length: samples }, (_, i) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      low += 0.3 * (state / 2 ** 32 - 0.5 - low);
      lower += 0.3 * (low - lower);
      return lower * (1 + 0.7 * Math.sin(i / 6000 + channel));
    });
  });
}

/** Swept tones with beats in them, over a little noise: something a psychoacoustic model can work on. */
export function music(channels: number, samples: number): Float32Array[] {
  return noise(channels, samples).map((plane, channel) =>
    plane.map((hiss, i) => {
      const t = i / 48_000;
      const beat = Math.exp(-((t * 3 + channel / 4) % 1) * 4);
      const sweep = Math.sin(2 * Math.PI * (220 * t + 60 * Math.sin(t * 2 + channel)));
      const high = Math.sin(2 * Math.PI * (1500 + 400 * channel) * t + 3 * Math.sin(5 * t));
      return 0.25 * sweep + 0.15 * beat * high + 0.1 * hiss;
    }),
  );
}

export function interleave(planes: readonly Float32Array[]): Uint8Array {
  const samples = planes[0]?.length ?? 0;
  const all = new Float32Array(samples * planes.length);
  planes.forEach((plane, channel) => {
    plane.forEach((sample, i) => {
      all[i * planes.length + channel] = sample;
    });
  });
  return new Uint8Array(all.buffer);
}

export function deinterleave(bytes: Uint8Array, channels: number): Float32Array[] {
  const all = new Float32Array(bytes.slice().buffer);
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: all.length / channels }, (_, i) => all[i * channels + channel] ?? 0),
  );
}

const energy = (plane: Float32Array): number => plane.reduce((sum, sample) => sum + sample * sample, 0);

/** Decibels of what differs, against what should be there. */
export function errorLevel(expected: Float32Array, got: Float32Array): number {
  const difference = expected.map((sample, i) => sample - (got[i] ?? 0));
  return 10 * Math.log10(energy(difference) / energy(expected));
}

/** Encodes by ffmpeg. @param layout as `-channel_layout` calls it */
export function encode(
  planes: readonly Float32Array[],
  layout: string,
  options: readonly string[],
): Uint8Array {
  const raw = [
    '-f',
    'f32le',
    '-ar',
    '48000',
    '-ac',
    `${planes.length}`,
    '-channel_layout',
    layout,
    '-i',
    '-',
  ];
  const { stdout, stderr } = run('ffmpeg', [...raw, ...options, '-'], interleave(planes));
  if (stdout.length === 0) throw new Error(`ffmpeg made nothing: ${stderr}`);
  return stdout;
}

/** Decodes by ffmpeg, as many channels as there are. */
export const decode = (data: Uint8Array, format: string, channels: number): Float32Array[] =>
  deinterleave(run('ffmpeg', ['-f', format, '-i', '-', '-f', 'f32le', '-'], data).stdout, channels);
