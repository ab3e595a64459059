import { expect, test } from 'vitest';
import { subripFile } from '../../muxers/subrip.ts';
import { timestamp, webvttFile, webvttSegment } from '../../muxers/webvtt.ts';
import type { Cue } from '../../src/core/cues.ts';
import { hasFfmpeg, run } from '../helpers/ffmpeg.ts';

const CUES: readonly Cue[] = [
  { start: 1000, end: 2500, settings: '', text: '<i>Tom</i> &amp; <c.loud>Jerry</c>\n1 &lt; 2' },
  { start: 1000, end: 2500, settings: 'line:0 align:left', text: 'Inn' },
  { start: 1000, end: 2500, settings: 'line:0 align:left', text: 'Inn' },
  { start: 3_723_004, end: 360_000_000, settings: '', text: 'Late' },
];

const BODY = `
00:00:01.000 --> 00:00:02.500
<i>Tom</i> &amp; <c.loud>Jerry</c>
1 &lt; 2

00:00:01.000 --> 00:00:02.500 line:0 align:left
Inn

01:02:03.004 --> 100:00:00.000
Late
`;

test('a file', () => {
  expect(webvttFile(CUES)).toBe(`WEBVTT\n${BODY}`);
  expect(webvttFile([])).toBe('WEBVTT\n');
});

test('a segment', () => {
  const head = 'WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n';
  expect(webvttSegment(CUES)).toBe(`${head}${BODY}`);
  expect(webvttSegment([])).toBe(head);
});

test.each([
  [0, '00:00:00.000'],
  [999.6, '00:00:01.000'],
  [59_999.5, '00:01:00.000'],
  [-5, '00:00:00.000'],
  [3_599_999, '00:59:59.999'],
])('%d is %s', (milliseconds, text) => {
  expect(timestamp(milliseconds)).toBe(text);
});

test('SubRip', () => {
  expect(subripFile(CUES)).toBe(
    `1\n00:00:01,000 --> 00:00:02,500\n<i>Tom</i> & Jerry\n1 < 2\n\n2\n00:00:01,000 --> 00:00:02,500\n{\\an8}Inn\n\n3\n01:02:03,004 --> 100:00:00,000\nLate\n`,
  );
  expect(subripFile([])).toBe('');
});

test.each([
  {
    settings: '',
    text: '00:00:05,000 --&gt; 00:00:06,000\nfake',
    block: '00:00:05,000 → 00:00:06,000\nfake',
  },
  { settings: '', text: 'x --&gt; y', block: 'x --> y' },
  { settings: '', text: '<i.foo>Hi</i> <b.x.y>a</b> <v Bob>b</v>', block: '<i>Hi</i> <b>a</b> b' },
  { settings: '', text: 'a\n<c></c>\n2', block: 'a\n2' },
  { settings: '', text: '&amp;lt; &lrm;&nbsp;', block: '&lt; \u200e\u00a0' },
  { settings: 'line:0%', text: 'x', block: '{\\an8}x' },
  { settings: 'position:1% line:0,start', text: 'x', block: '{\\an8}x' },
  { settings: 'line:0.5', text: 'x', block: 'x' },
  { settings: 'line:05%', text: 'x', block: 'x' },
])('SubRip of $text at $settings', ({ settings, text, block }) => {
  const written = subripFile([{ start: 0, end: 1000, settings, text }]);
  expect(written).toBe(`1\n00:00:00,000 --> 00:00:01,000\n${block}\n`);
});

test.runIf(hasFfmpeg).each([
  ['webvtt', webvttFile(CUES)],
  ['srt', subripFile(CUES)],
])('FFmpeg reads %s with the same times', (demuxer, text) => {
  const options = ['-f', demuxer, '-i', 'pipe:0', '-show_packets', '-of', 'json'];
  const { stdout, stderr } = run('ffprobe', options, new TextEncoder().encode(text));
  const { packets } = JSON.parse(stdout.toString()) as {
    packets: { pts_time: string; duration_time: string }[];
  };
  expect([packets.map(({ pts_time, duration_time }) => [pts_time, duration_time]), stderr]).toEqual([
    [
      ['1.000000', '1.500000'],
      ['1.000000', '1.500000'],
      ['3723.004000', '356276.996000'],
    ],
    '',
  ]);
});
