import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { needsFfmpeg, run } from '../helpers/ffmpeg.ts';
import { fixture } from '../helpers/fixtures.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';
import { startUpstream, type Upstream } from '../helpers/upstream.ts';
import { runCli, startCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => join(folder, name);
/** A process may take its time to begin where all tests run at once. */
const POLLING = { timeout: 15_000 };
const NO_BYTES = new Uint8Array();

type Row = readonly [line: string, code: number, out: RegExp | string, err: RegExp | string];

/** Whole command lines and all that they say. */
const LINES: readonly Row[] = [
  [
    '',
    0,
    /^Usage: sluice \[options\] \[command\]\n[\s\S]*Examples:\n[\s\S]*Exit status:\n {2}0 {2}done\n/,
    '',
  ],
  ['--help', 0, /^Usage: sluice/, ''],
  ['help remux', 0, /^Usage: sluice remux[\s\S]*--seek <WHERE>[\s\S]*Examples:\n/, ''],
  ['--version', 0, /^\d+\.\d+\.\d+\n$/, ''],
  ['prob x.mkv', 2, '', "unknown command 'prob' (Did you mean probe?) [usage]\n"],
  ['probe', 2, '', "missing required argument 'FILE|URL' [usage]\n"],
  ['probe --jsn x.mkv', 2, '', "unknown option '--jsn' (Did you mean --json?) [usage]\n"],
  ['why fixtures/ac3.mkv', 2, '', "required option '--for <PLAYER>' not specified [usage]\n"],
  [
    'why fixtures/ac3.mkv --for vlc',
    2,
    '',
    /^option '--for <PLAYER>' argument 'vlc' is invalid\. Allowed choices are chrome, .*\[usage\]\n$/,
  ],
  ['probe none.mkv', 3, '', 'There is no file none.mkv [not-found]\n'],
  ['probe fixtures', 3, '', 'fixtures is not a file [not-found]\n'],
  ['probe README.md', 3, '', /^[^\n]* \[unsupported\]\n$/],
  [
    'probe ftp://example.org/x.mkv',
    2,
    '',
    'Only files and http or https URLs can be read, not ftp://example.org/x.mkv [bad-request]\n',
  ],
  ['probe http://127.0.0.1:4/x.mkv', 4, '', '127.0.0.1:4: the connection failed (ECONNREFUSED) [upstream]\n'],
  [
    'probe fixtures/ac3.mkv --header nothing',
    2,
    '',
    '--header wants NAME=VALUE, not "nothing" [bad-request]\n',
  ],
  ['probe fixtures/ac3.mkv --video x', 2, '', '--video wants a whole number, not "x" [bad-request]\n'],
  [
    'remux fixtures/ac3.mkv --start soon',
    2,
    '',
    '--start wants seconds or H:MM:SS, not "soon" [bad-request]\n',
  ],
  ['remux fixtures/ac3.mkv --start 1:00:00', 2, '', /^There is nothing from 3600 s on.* \[bad-request\]\n$/],
  ['dump fixtures/ac3.mkv --depth 0', 2, '', '--depth wants 1 or more [bad-request]\n'],
  ['dump README.md', 3, '', 'Only MP4, Matroska and transport streams can be dumped [unsupported]\n'],
  [
    'probe fixtures/two-languages.mkv',
    0,
    `two-languages.mkv: matroska, 0:06, 3 segments (every packet read)

#  Kind   Codec        Details        Language, name               What happens to it
0  video  avc1.64000a  160x90 24 fps  (default)                    copied
1  audio  mp4a.40.2    2 ch 48000 Hz  en English stereo (default)  copied
2  audio  mp4a.40.2    2 ch 48000 Hz  de Deutsch                   copied
`,
    '',
  ],
  [
    'why fixtures/ac3.mkv --for safari',
    0,
    `Safari does not open Matroska; Sluice repackages it as HLS.

0  video    copied  Safari decodes H.264 High; only the container is changed
1  audio    copied  Safari decodes AC-3; only the container is changed
`,
    '',
  ],
  [
    'why fixtures/ac3.mkv --for firefox',
    0,
    /\n1 {2}audio {4}transcoded {2}Firefox does not decode AC-3: it becomes AAC\n$/,
    '',
  ],
  ['why fixtures/mpeg4.mkv --for chrome', 0, /\n0 {2}video {4}not possible {2}V_MPEG4/, ''],
  ['why fixtures/mpeg4.mkv --for chrome --strict', 5, /\n0 {2}video {4}not possible {2}V_MPEG4/, ''],
  [
    'dump fixtures/transport.m2t --depth 1',
    0,
    `      offset         size  structure
           0            -  packets  of 188 bytes
         188           16  PAT  version 0: program 1 in PID 4096
         376           26  PMT  program 1, version 0, clock in PID 256: h264 in PID 256, aac in PID 257
`,
    '',
  ],
  [
    'dump fixtures/progressive.mp4 --limit 2',
    0,
    `      offset         size  structure
           0           32  ftyp  "isom" 512, compatible isom iso2 avc1 mp41
          32            8  free
`,
    'Stopped after 2 lines; --limit 0 shows all, --depth 1 only the outermost\n',
  ],
  ['complete -- wh', 0, 'why\ttell what a player does with each track, and why\n:4\n', ''],
  ['complete -- why --for s', 0, 'safari\t\n:4\n', ''],
  [
    'complete -- probe fixtures/two',
    0,
    'fixtures/two-languages.mkv\t\nfixtures/two-languages.packets.tsv\t\n:4\n',
    '',
  ],
  ['complete -- serve fix', 0, 'fixtures/\t\n:4\n', ''],
  ['completion tcsh', 2, '', /^command-argument value 'tcsh' is invalid.* \[usage\]\n$/],
];

const words = (line: string) => line.split(' ').filter((word) => word !== '');

describe('command lines', () => {
  it.concurrent.each(LINES)('sluice %s: exit status %d', async (line, code, out, err) => {
    const ended = await runCli(words(line));
    const told = { code: ended.code, out: ended.out.toString(), err: ended.err };
    const like = (text: RegExp | string) => (typeof text === 'string' ? text : expect.stringMatching(text));
    expect(told).toEqual({ code, out: like(out), err: like(err) });
  });

  it.each([
    'serve',
    'play',
    'probe',
    'why',
    'remux',
    'hls',
    'dump',
  ])('sluice %s --help shows examples', async (name) => {
    const { code, out } = await runCli([name, '--help']);
    expect(code).toBe(0);
    expect(out.toString()).toMatch(
      new RegExp(`^Usage: sluice ${name} [\\s\\S]*\\nExamples:\\n {2}sluice ${name} `),
    );
  });

  it.each(['bash', 'zsh', 'fish', 'powershell'])('completions for %s ask this program', async (shell) => {
    const { code, out } = await runCli(['completion', shell]);
    expect(code).toBe(0);
    expect(out.toString()).toMatch(/sluice complete ('--'|--) /);
    expect(out.toString()).toContain('sluice');
  });

  it('the script for bash is one that bash understands', async () => {
    const { out } = await runCli(['completion', 'bash']);
    const { stderr, status } = (await import('node:child_process')).spawnSync('bash', ['-n'], { input: out });
    expect([status, stderr.toString()]).toEqual([0, '']);
  });
});

describe('beside a server', () => {
  let server: RunningSluice;
  beforeAll(async () => {
    server = await startSluice();
  });
  afterAll(() => server.close());

  it.each([
    'two-languages.mkv',
    'ac3.mkv',
    'progressive.mp4',
    'transport.m2t',
  ])('probe --json of %s says what /probe says', async (name) => {
    const answer = await (await fetch(`${server.url}/probe?d=root:demo/${name}`)).json();
    const { code, out } = await runCli(['probe', `fixtures/${name}`, '--json']);
    expect([code, JSON.parse(out.toString())]).toEqual([0, answer]);
  });

  it.each([
    'two-languages.mkv',
    'ac3.mkv',
    'subtitles.mkv',
  ])('hls of %s is byte for byte what is served', async (name) => {
    const target = place(`same-${name}`);
    expect(await runCli(['hls', `fixtures/${name}`, target])).toMatchObject({ code: 0 });
    const master = `${server.url}/hls/master.m3u8?d=root:demo/${name}`;
    const served = await (await fetch(master)).text();
    const prefix = /^(\S+\/\S+\/)v\d+\/index/m.exec(served)?.[1] ?? 'none';
    expect(readFileSync(join(target, 'master.m3u8'), 'utf8')).toBe(served.replaceAll(prefix, ''));
    const files = readdirSync(target, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'master.m3u8')
      .map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1));
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) {
      const answer = await fetch(new URL(prefix + file, master));
      expect([file, answer.status]).toEqual([file, 200]);
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(bytes.equals(readFileSync(join(target, file))), file).toBe(true);
    }
  });
});

describe('hls', () => {
  beforeEach(needsFfmpeg);

  it('writes a folder that plays, without a server', async () => {
    const target = place('plays');
    const { code, out, err } = await runCli(['hls', 'fixtures/two-languages.mkv', target]);
    expect([code, out.toString()]).toEqual([0, '']);
    expect(err).toMatch(/^\S+\/plays\/master\.m3u8: 0:06, 77\.\d kB in \d+\.\d s\n$/);
    const { stderr } = run(
      'ffmpeg',
      ['-i', join(target, 'master.m3u8'), '-map', '0', '-f', 'null', '-'],
      NO_BYTES,
    );
    expect(stderr).toBe('');
    const shown = run(
      'ffprobe',
      ['-show_entries', 'stream=index,codec_name', '-of', 'csv=p=0', '-i', join(target, 'master.m3u8')],
      NO_BYTES,
    );
    // It is told once for the file, and once for the program.
    const streams = new Set(shown.stdout.toString().split('\n').filter(Boolean));
    expect([...streams].map((line) => line.replace(/^\d+,/, '')).sort()).toEqual(['aac', 'aac', 'h264']);
  });

  it('writes the subtitles that are asked for, each text in the segments that it is shown in', async () => {
    const target = place('subtitles');
    const line = ['hls', 'fixtures/subtitles.mkv', target, '--subtitles', '2', '--strict'];
    expect(await runCli(line)).toMatchObject({ code: 0 });
    expect(readdirSync(target).sort()).toEqual(['a1-copy', 'master.m3u8', 's2', 'v0']);
    const segments = readdirSync(join(target, 's2')).filter((name) => name.endsWith('.vtt'));
    const listed = readFileSync(join(target, 's2', 'index.m3u8'), 'utf8').match(/\d+\.vtt/g) ?? [];
    expect(segments.sort()).toEqual([...listed].sort());
    const long = segments.filter((name) =>
      readFileSync(join(target, 's2', name), 'utf8').includes(
        '00:00:01.800 --> 00:00:08.200\nOver the borders',
      ),
    );
    expect(long.length).toBeGreaterThan(2);
  });

  it('writes over a folder only when told to, and leaves nothing of what was there', async () => {
    const target = place('twice');
    await runCli(['hls', 'fixtures/demo.mkv', target]);
    const refused = await runCli(['hls', 'fixtures/no-audio.mkv', target]);
    expect(refused).toMatchObject({
      code: 2,
      err: `${target} is not empty; --force writes over what is there [bad-request]\n`,
    });
    expect(await runCli(['hls', 'fixtures/no-audio.mkv', target, '--force'])).toMatchObject({ code: 0 });
    const listed = readFileSync(join(target, 'v0', 'index.m3u8'), 'utf8').match(/\d+\.m4s/g) ?? [];
    const there = readdirSync(join(target, 'v0')).filter((name) => name.endsWith('.m4s'));
    expect(there.sort()).toEqual([...listed].sort());
  });

  it('tells what it leaves out, by its status too when asked', async () => {
    const line = ['hls', 'fixtures/mpeg4.mkv', place('partly')];
    const told = expect.stringMatching(/\nLeft out: video 0: V_MPEG4\/ISO\/ASP [^\n]*\n$/);
    expect(await runCli(line)).toMatchObject({ code: 0, err: told });
    expect(await runCli([...line, '--force', '--strict'])).toMatchObject({ code: 5, err: told });
  });
});

describe('remux', () => {
  beforeEach(needsFfmpeg);
  const shown = (data: Uint8Array) =>
    run('ffprobe', ['-show_entries', 'stream=codec_name', '-of', 'csv=p=0', '-i', '-'], data)
      .stdout.toString()
      .split('\n')
      .filter(Boolean);

  it('to a pipe: nothing but the film, which decodes to its end', async () => {
    const { code, out, err } = await runCli(['remux', 'fixtures/ac3.mkv']);
    expect([code, err]).toEqual([0, '']);
    expect(shown(out)).toEqual(['h264', 'aac']);
    expect(run('ffmpeg', ['-i', '-', '-map', '0', '-f', 'null', '-'], out).stderr).toBe('');
  });

  it('to a file: under its name when it is whole, not over another one', async () => {
    const path = place('film.mp4');
    const line = ['remux', 'fixtures/two-languages.mkv', '-o', path];
    const { code, out, err } = await runCli(line);
    expect([code, out.toString()]).toEqual([0, '']);
    expect(err).toMatch(/^\S+film\.mp4: 0:06, \d+(\.\d)? kB\n$/);
    expect(shown(readFileSync(path))).toEqual(['h264', 'aac', 'aac']);
    expect(await runCli(line)).toMatchObject({
      code: 2,
      err: `${path} is there already; --force writes over it [bad-request]\n`,
    });
    expect(await runCli([...line, '--force', '--audio', 'de'])).toMatchObject({ code: 0 });
    expect(shown(readFileSync(path))).toEqual(['h264', 'aac']);
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('a stretch of it', async () => {
    const { code, out } = await runCli([
      'remux',
      'fixtures/bframes-aac.mkv',
      '--start',
      '0:04',
      '--duration',
      '3',
    ]);
    expect(code).toBe(0);
    const options = ['-count_packets', '-select_streams', 'v', '-show_entries', 'stream=nb_read_packets'];
    const { stdout } = run('ffprobe', [...options, '-of', 'csv=p=0', '-i', '-'], out);
    // From the cut at 2 s to 7 s, 24 pictures a second.
    expect(stdout.toString().trim()).toBe('120');
  });
});

describe('what ends early', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    const film = fixture('demo');
    upstream = await startUpstream((request, response) => {
      const [, from = '0', to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
      const start = Number(from);
      const body = film.slice(start, to ? Number(to) + 1 : undefined);
      response.writeHead(206, {
        'content-range': `bytes ${start}-${start + body.length - 1}/${film.length}`,
        'content-length': body.length,
        etag: '"demo"',
      });
      if (request.url?.startsWith('/stalls') && start + body.length > 600_000) response.flushHeaders();
      else response.end(body);
    });
  });
  afterAll(() => upstream.close());

  it('a signal: no half file under a name, no master, status 130', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const target = place(signal);
      const running = startCli(['hls', `${upstream.url}/stalls-${signal}.mkv`, target]);
      await expect
        .poll(() => upstream.requests.filter(({ path }) => path === `/stalls-${signal}.mkv`).length, POLLING)
        .toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 700));
      running.child.kill(signal);
      const ended = await running.ended;
      expect([ended.code, ended.out.toString()]).toEqual([code, '']);
      const left = readdirSync(target, { recursive: true }).map(String);
      expect(left.filter((name) => /part|master|index/.test(name))).toEqual([]);
    }
  });

  it('headers that are given are sent', async () => {
    await runCli([
      'probe',
      `${upstream.url}/film.mkv`,
      '--header',
      'X-Key=a=b',
      '--header',
      'Referer=https://x/',
    ]);
    const { headers } = upstream.requests.at(-1) ?? {};
    expect([headers?.['x-key'], headers?.referer]).toEqual(['a=b', 'https://x/']);
  });

  it('a reader who has seen enough is no error', async () => {
    const running = startCli(['dump', 'fixtures/demo.mkv', '--depth', '9', '--limit', '0']);
    await running.seen(/EBML/);
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 0, err: '' });
  });

  it('damage: told where it is, with the status of media that cannot be read', async () => {
    const path = place('cut.mkv');
    writeFileSync(path, fixture('bframes-aac').slice(0, 50_000));
    const { code, out, err } = await runCli(['dump', path]);
    expect([code, err]).toEqual([3, '2 places are broken: see the lines with !! [corrupt]\n']);
    expect(out.toString()).toMatch(/\n +42392 +- +!! truncated {2}12438 bytes of Cluster are missing\n/);
  });
});
