import { expect, test } from 'vitest';
import { decodeText, type GuessCharset } from '../../../parsers/subtitles/charset.ts';
import { parseSubtitles } from '../../../parsers/subtitles/parse-subtitles.ts';
import { guessCharset } from '../../../src/serving/guess-charset.ts';

/** As iconv writes them. */
const TEXTS: readonly { readonly charset: string; readonly lines: readonly string[] }[] = [
  {
    charset: 'windows-1251',
    lines: [
      'Привет, как дела?',
      'Я не знаю, что тебе сказать.',
      'Пойдём домой, уже поздно.',
      'Спасибо большое!',
    ],
  },
  {
    charset: 'windows-1252',
    lines: [
      'Où êtes-vous allé cet été ?',
      'Ça, c’est déjà très généreux.',
      'L’élève préféré du maître à côté',
      'Ça coûte 5 € là-bas, très cher',
    ],
  },
  {
    charset: 'gb18030',
    lines: [
      '你好，你今天怎么样？',
      '我不知道该对你说什么。',
      '我们回家吧，已经很晚了。',
      '非常感谢你的帮助！',
    ],
  },
  {
    charset: 'shift_jis',
    lines: ['こんにちは、お元気ですか？', '何を言えばいいのか分からない。', 'もう遅いから家に帰ろう。'],
  },
  {
    charset: 'euc-kr',
    lines: ['안녕하세요, 어떻게 지내세요?', '무슨 말을 해야 할지 모르겠어요.', '늦었으니 집에 가자.'],
  },
];

const fileOf = (lines: readonly string[]): string =>
  lines.map((line, i) => `${i + 1}\n00:00:0${i},000 --> 00:00:0${i + 1},000\n${line}\n`).join('\n');

const GREEK = ['Άννα, τι κάνεις; Άκουσέ με.', 'Δεν ξέρω τι να σου πω.', 'Πάμε σπίτι, είναι αργά.'];

test('Greek is that of Windows', async () => {
  const { cues } = await parseSubtitles(encode(fileOf(GREEK), 'windows-1253'), {
    guessCharset: async () => 'ISO-8859-7',
  });
  expect(cues.map(({ text }) => text)).toEqual(GREEK);
});

const THAI = ['สวัสดี', 'ไปบ้านกัน'];
test.each([
  ['what is said', encode(fileOf(THAI), 'windows-874'), THAI],
  ['a byte order mark before it', new TextEncoder().encode(`\ufeff${fileOf(THAI)}`), THAI],
])('%s counts', async (_, bytes, lines) => {
  const guess = async (): Promise<string | null> => {
    throw new Error('asked');
  };
  const { cues } = await parseSubtitles(bytes, { guessCharset: guess, charset: 'windows-874' });
  expect(cues.map(({ text }) => text)).toEqual(lines);
});

/** The bytes of a text, found by decoding each pair there is. */
function encode(text: string, charset: string): Uint8Array {
  const decoder = new TextDecoder(charset);
  const table = new Map<string, readonly number[]>();
  const add = (bytes: readonly number[]) => {
    const character = decoder.decode(Uint8Array.from(bytes));
    if (!table.has(character) && [...character].length === 1 && character !== '\ufffd')
      table.set(character, bytes);
  };
  for (let first = 0; first < 256; first++) add([first]);
  // Node 20 does not know what stands there in it
  if (charset === 'windows-1252') table.set('’', [0x92]).set('€', [0x80]);
  for (let first = 0x81; first < 255; first++)
    for (let second = 0x40; second < 255; second++) add([first, second]);
  return Uint8Array.from([...text].flatMap((one) => table.get(one) ?? []));
}

test.each(TEXTS)('$charset', async ({ charset, lines }) => {
  const { cues } = await parseSubtitles(encode(fileOf(lines), charset), { guessCharset });
  expect(cues.map(({ text }) => text)).toEqual(lines);
});

const WORDS = 'Größe';
const decode = (bytes: Uint8Array, guessCharset: GuessCharset) =>
  decodeText(bytes, { guessCharset, pause: async () => undefined });

test.each([
  ['utf-8', new TextEncoder().encode(WORDS)],
  ['UTF-8 with its mark', new TextEncoder().encode(`\ufeff${WORDS}`)],
  ['UTF-16, little-endian', Buffer.from(`\ufeff${WORDS}`, 'utf16le')],
  ['UTF-16, big-endian', Buffer.from(`\ufeff${WORDS}`, 'utf16le').swap16()],
])('%s is known without a guess', async (_, bytes) => {
  const never = async (): Promise<string | null> => {
    throw new Error('asked');
  };
  expect(await decode(bytes, never)).toBe(WORDS);
});

test('UTF-8 with one wrong byte stays UTF-8', async () => {
  const bytes = new TextEncoder().encode('Größe für Mädchen über Öl, ähnlich schön, fünf Äpfel — ä\u00e4ä');
  const cut = bytes.subarray(0, -1);
  expect(await decode(cut, async () => 'windows-1251')).toContain('Größe für Mädchen');
});

test.each([['no such charset'], ['utf-7'], [null]])('a guess of %j is Western Windows', async (guess) => {
  expect(await decode(Uint8Array.of(0x47, 0x72, 0xf6, 0xdf, 0x65), async () => guess)).toBe(WORDS);
});

test('the sample for a guess is what is not ASCII', async () => {
  let sample = '';
  await decode(Buffer.from('1\n00:00\nGr\xf6\n2\n\xe9t\xe9', 'latin1'), async (bytes) => {
    sample = Buffer.from(bytes).toString('latin1');
    return null;
  });
  expect(sample).toBe('Gr\xf6\n\xe9t\xe9');
});
