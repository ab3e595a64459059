import { readConfig } from '../config.ts';
import { MediaError } from '../core/errors.ts';
import { findProgram } from '../ffmpeg/find.ts';
import { type EncoderFinding, type Examination, examine, type Outcome } from '../ffmpeg/video/examine.ts';
import { EXIT } from './exit-codes.ts';
import { note, print, table } from './output.ts';

export interface DoctorFlags {
  readonly json?: boolean;
  readonly commands?: boolean;
}

/** `sluice doctor`: tries each encoder of video that may be here, and tells what came of it. */
export async function doctor(flags: DoctorFlags, signal: AbortSignal): Promise<number> {
  const found = await findings(signal);
  await print(flags.json ? `${JSON.stringify(found, null, 2)}\n` : report(found, flags.commands ?? false));
  const isGood = found.encoders.some(({ codec, result }) => codec === 'h264' && result === 'ok');
  return isGood ? EXIT.done : EXIT.media;
}

async function findings(signal: AbortSignal): Promise<Examination> {
  const { ffmpeg, encoders } = readConfig({}, process.env);
  const ending = process.platform === 'win32' ? '.exe' : '';
  const program = ffmpeg && (await findProgram(ffmpeg, { path: process.env.PATH ?? '', ending }));
  if (program === null)
    return without(null, ffmpeg === null ? 'SLUICE_FFMPEG is off' : `There is no program ${ffmpeg}`);
  try {
    return await examine({
      program,
      order: encoders ?? [],
      platform: process.platform,
      now: () => performance.now(),
      onStep: (what) => {
        if (process.stderr.isTTY) note(`Trying ${what} …`);
      },
      signal,
    });
  } catch (error) {
    if (error instanceof MediaError && error.code === 'not-offered') return without(program, error.message);
    throw error;
  }
}

const without = (path: string | null, reason: string): Examination => ({
  ffmpeg: { path, version: null, reason },
  encoders: [],
  decoding: [],
  filters: [],
});

function report({ ffmpeg, encoders, decoding, filters }: Examination, showsCommands: boolean): string {
  if (ffmpeg.reason !== null)
    return `${ffmpeg.path ?? 'FFmpeg'}: ${ffmpeg.reason}\nVideo is not encoded here; what can be copied plays all the same.\n`;
  const tools = filters.map(({ name, use, result, reason }) => [name, use, result, short(reason)]);
  const tried = [...encoders, ...decoding].filter(
    ({ command, result }) => command.length > 0 && (showsCommands || result === 'failed'),
  );
  return [
    `FFmpeg ${ffmpeg.version} at ${ffmpeg.path}\n\n`,
    table([['Encoder', 'Codec', 'By', 'Result', '720p', '1080p', 'HDR', 'Why'], ...encoders.map(row)]),
    '\nSpeeds are times real time at 25 pictures a second; 1x is just enough for one viewer.\n\n',
    table([['Decoding', 'Of', 'Result', 'Why'], ...decodingRows(decoding)]),
    '\n',
    table([['Filter', 'For', 'Result', 'Why'], ...tools]),
    ...tried.map(
      ({ name, reason, command }) => `\n${name}: ${reason ?? 'ok'}\n  ${command.map(quoted).join(' ')}\n`,
    ),
    ...verdict(encoders),
  ].join('');
}

const CODECS: Readonly<Record<string, string>> = { h264: 'H.264', h265: 'HEVC', av1: 'AV1', mpeg2: 'MPEG-2' };

function row({ name, codec, kind, result, speed, hdr, reason }: EncoderFinding): string[] {
  const times = (value: number | null) => (value === null ? '' : `${value.toFixed(value < 10 ? 1 : 0)}x`);
  const bright: Readonly<Record<Outcome, string>> = { ok: 'ok', failed: 'failed', 'not here': 'no' };
  return [
    name,
    CODECS[codec] ?? codec,
    kind,
    result,
    times(speed['720p']),
    times(speed['1080p']),
    hdr ? bright[hdr.result] : '',
    short(reason),
  ];
}

/** One a way to decode, as long as it does the same with all codecs. */
function decodingRows(decoding: Examination['decoding']): string[][] {
  const rows = new Map<string, string[]>();
  for (const { name, codec, result, reason } of decoding) {
    const key = [name, result, reason].join();
    rows.set(key, [...(rows.get(key) ?? [name, result, short(reason)]), CODECS[codec] ?? codec]);
  }
  return [...rows.values()].map(([name = '', result = '', why = '', ...codecs]) => [
    name,
    codecs.join(', '),
    result,
    why,
  ]);
}

/** So that a line of a table fits into 120 columns. */
const WIDTH = 48;

/** The first line of a reason, or what fits of it: below the tables it stands in full. */
function short(reason: string | null): string {
  const [line = ''] = (reason ?? '').split('\n', 1);
  return line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line;
}

/** As a shell wants it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

function verdict(encoders: readonly EncoderFinding[]): string[] {
  const first = (codec: EncoderFinding['codec']) =>
    encoders.find((encoder) => encoder.codec === codec && encoder.result === 'ok')?.name;
  const used = (['h264', 'h265', 'av1'] as const).map(
    (codec) => `${CODECS[codec]} by ${first(codec) ?? 'nothing'}`,
  );
  return [`\nEncoded here: ${used.join(', ')}.\n`];
}
