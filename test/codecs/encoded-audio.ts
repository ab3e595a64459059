import { run } from '../helpers/ffmpeg.ts';

/** What an encoder of ffmpeg made, as ffmpeg's own muxer stores it. */
export interface EncodedAudio {
  /** Content of the configuration box, behind version and flags where it has them; empty where there is none. */
  readonly record: Uint8Array;
  readonly packets: readonly Uint8Array[];
}

/** Tones that differ by channel, not too loud for any encoder. */
const tone = (channels: string, rate: number): string[] => {
  const count = CHANNELS[channels] ?? Number.parseInt(channels, 10);
  const expressions = Array.from({ length: count }, (_, i) => `0.3*sin(${400 + 150 * i}*2*PI*t)`).join('|');
  return ['-f', 'lavfi', '-i', `aevalsrc=${expressions}:s=${rate}:c=${channels}:d=1.3`];
};
const CHANNELS: Readonly<Record<string, number>> = {
  mono: 1,
  stereo: 2,
  '2.1': 3,
  '3.0': 3,
  '3.0(back)': 3,
  '4.0': 4,
  quad: 4,
  'quad(side)': 4,
  '4.1': 5,
  '5.0': 5,
  '5.0(side)': 5,
  '5.1': 6,
  '5.1(side)': 6,
  '6.1': 7,
  '6.1(back)': 7,
  '7.1': 8,
  '7.1(wide)': 8,
};

const FRAGMENTS = ['-movflags', '+delay_moov', '-frag_duration', '200000', '-f', 'mp4', 'pipe:1'];

/** @param box fourcc of the configuration box, empty for none; `head` bytes of version and flags stand in front of it */
export interface EncodePlan {
  readonly channels: string;
  readonly rate: number;
  readonly options: readonly string[];
  readonly box: string;
  readonly head: number;
}

export function encode({ channels, rate, options, box, head }: EncodePlan): EncodedAudio {
  const { stdout, stderr } = run(
    'ffmpeg',
    [...tone(channels, rate), ...options, '-strict', '-2', ...FRAGMENTS],
    new Uint8Array(),
  );
  if (stdout.length === 0) throw new Error(stderr);
  const entries = ['-show_entries', 'packet=pos,size', '-of', 'csv=p=0', 'pipe:0'];
  const lines = run('ffprobe', entries, stdout).stdout.toString().trim().split('\n');
  const packets = lines.map((line) => {
    const [size = 0, pos = 0] = line.split(',').map(Number);
    return Uint8Array.from(stdout.subarray(pos, pos + size));
  });
  return { record: box === '' ? new Uint8Array() : lastBox(stdout, box).subarray(head), packets };
}

/** The innermost of that name: a sample entry and its configuration may share it. */
function lastBox(file: Buffer, type: string): Uint8Array {
  const end = file.indexOf('moof');
  const at = file.subarray(0, end).lastIndexOf(type);
  if (at < 4) throw new Error(`No ${type}`);
  return Uint8Array.from(file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4)));
}
