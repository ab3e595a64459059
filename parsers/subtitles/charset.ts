/** The encoding of a text as `TextDecoder` takes it, by its bytes; null where nothing tells. */
export type GuessCharset = (sample: Uint8Array) => Promise<string | null>;

/** What Western Windows writes: it gives a character for every byte. */
const LAST_RESORT = 'windows-1252';

/** What stands there from 0x80 on. Node 20 takes that charset for ISO 8859-1 and gives control characters instead. */
const WESTERN_MARKS = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

const westernMark = (control: string): string => WESTERN_MARKS[control.charCodeAt(0) - 0x80] ?? control;

const MARKS: readonly (readonly [bytes: readonly number[], charset: string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** Charsets that files of Windows are taken for, and what they are. */
const OF_WINDOWS: Readonly<Record<string, string>> = { 'iso-8859-7': 'windows-1253' };

export interface DecodeOptions {
  /** Asked for texts that are neither UTF-8 nor UTF-16. */
  readonly guessCharset: GuessCharset;
  /** What somebody says that it is; only a byte order mark knows better. */
  readonly charset?: string | null;
  /** Lets others do their work. */
  pause(): Promise<void>;
}

/** The text of a file: by its byte order mark, as UTF-16 or UTF-8 where it is that, else as `guessCharset` says. */
export async function decodeText(bytes: Uint8Array, options: DecodeOptions): Promise<string> {
  const marked = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1];
  const known = marked ?? options.charset ?? wideCharset(bytes);
  if (known) return decodeAs(bytes, known, options);
  const text = new TextDecoder().decode(bytes);
  if (isMostlyRight(text)) return text;
  const guess = await options.guessCharset(foreignLines(bytes));
  return decodeAs(bytes, OF_WINDOWS[guess?.toLowerCase() ?? ''] ?? guess, options);
}

/** Bytes that are decoded at a time. */
const AT_ONCE = 256 * 1024;

async function decodeAs(bytes: Uint8Array, charset: string | null, options: DecodeOptions): Promise<string> {
  const decoder = decoderOf(charset);
  const isWestern = decoder.encoding === LAST_RESORT;
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += AT_ONCE) {
    if (at > 0) await options.pause();
    const part = decoder.decode(bytes.subarray(at, at + AT_ONCE), { stream: at + AT_ONCE < bytes.length });
    parts.push(isWestern ? part.replaceAll(/[\x80-\x9f]/g, westernMark) : part);
  }
  return parts.join('');
}

/** Characters by which UTF-16 without a mark is told: line ends and digits have a zero beside them. */
const WIDE_SAMPLE = 4096;

function wideCharset(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const sample = bytes.subarray(0, WIDE_SAMPLE * 2);
  const zeros = [0, 0];
  for (const [i, byte] of sample.entries()) if (byte === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const some = Math.max(2, sample.length / 40);
  if (odd >= some && even * 10 < odd) return 'utf-16le';
  return even >= some && odd * 10 < even ? 'utf-16be' : null;
}

/** UTF-8 that somebody cut within a character, or put a wrong one into, is UTF-8 all the same. */
function isMostlyRight(text: string): boolean {
  let [wrong, foreign] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) foreign++;
    if (code === 0xfffd) wrong++;
  }
  return wrong * 10 <= foreign;
}

const SAMPLE = 64 * 1024;
const LINE_FEED = 10;

/** Lines with bytes beyond ASCII: times and counters say nothing of the language. */
function foreignLines(bytes: Uint8Array): Uint8Array {
  const sample = new Uint8Array(SAMPLE);
  let [size, start] = [0, 0];
  let isForeign = false;
  for (let at = 0; at < bytes.length && size < SAMPLE; at++) {
    isForeign ||= (bytes[at] ?? 0) > 127;
    if (bytes[at] !== LINE_FEED && at < bytes.length - 1) continue;
    const line = bytes.subarray(start, Math.min(at + 1, start + SAMPLE - size));
    if (isForeign) {
      sample.set(line, size);
      size += line.length;
    }
    start = at + 1;
    isForeign = false;
  }
  return sample.subarray(0, size);
}

function decoderOf(charset: string | null): TextDecoder {
  try {
    return new TextDecoder(charset ?? LAST_RESORT);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder(LAST_RESORT);
    throw error;
  }
}
