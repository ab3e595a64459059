// Passes a film and its HLS on from an upstream that misbehaves in every way an independent tool knows, and compares
// what comes out with the files: equal bytes of one version, or one clear error, or a transfer broken off in bounded
// time; never another file, a splice of two versions, or a request without an end. Prints a Markdown table.
//   npm run faults:proxy [-- --match TEXT] [-- --server FILE] [-- --jobs N]
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cell,
  FAULTS,
  freePort,
  IS_PASSING,
  makeFilm,
  makeFolder,
  readOptions,
  remove,
  report,
  runAll,
  startSluice,
  startUpstream,
  stop,
  uris,
} from './fault-run.mjs';

const values = readOptions();

/** Seconds without a byte after which a request counts as hanging, and seconds in all. */
const SILENCE = 16;
const WATCHED = 60;

/** Passed on as it is, a file may be either version, but never some of both. */
const DUE_HERE = new Map([
  ...FAULTS.filter(([fault]) => fault.startsWith('mutate')).map(([fault]) => [fault, 'equal']),
  // A range that cannot be is told as it was told here.
  ['status,416,999', 'upstream 416'],
]);

/** Another version comes while the first one is sent on. */
const MORE = [
  ['mutate,1+reset-at,100000', 'changed'],
  ['mutate,1+reset-every,60000', 'changed'],
  ['mutate,1+stall-at,150000', 'changed'],
  ['mutate,1+reset-at,100000+no-range', 'changed'],
  ['mutate,1+reset-at,100000+no-length', 'changed'],
  ['mutate,2+reset-every,60000+cross-host', 'changed'],
];

const RUNS = [...FAULTS.map(([fault, due]) => [fault, DUE_HERE.get(fault) ?? due]), ...MORE];

const STEPS = ['whole', 'part', 'suffix', 'HEAD', 'playlist', 'first segment', 'last segment'];

/** As the tool's second version has them. */
function changed(bytes) {
  const copy = Buffer.from(bytes);
  for (let i = 7; i < copy.length; i += 4096) copy[i] ^= 0xff;
  return copy;
}

const versions = (path) => {
  const bytes = readFileSync(path);
  return [bytes, changed(bytes)];
};

function makeStream(folder, film) {
  mkdirSync(join(folder, 'hls'));
  const hls = ['-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod'];
  const path = join(folder, 'hls/index.m3u8');
  execFileSync('ffmpeg', ['-v', 'error', '-i', film, '-c', 'copy', ...hls, path]);
  return path;
}

/** What one request brought: its bytes as far as they came, and how it ended. */
async function ask(url, init = {}) {
  const begun = performance.now();
  const controller = new AbortController();
  let timer = setTimeout(() => controller.abort('HANG'), SILENCE * 1000);
  const limit = setTimeout(() => controller.abort('ENDLESS'), WATCHED * 1000);
  const parts = [];
  let response = null;
  let end = 'whole';
  try {
    response = await fetch(url, { ...init, signal: controller.signal });
    for await (const part of response.body ?? []) {
      parts.push(part);
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort('HANG'), SILENCE * 1000);
    }
  } catch {
    end = controller.signal.aborted ? controller.signal.reason : 'broken off';
  }
  clearTimeout(timer);
  clearTimeout(limit);
  return { response, body: Buffer.concat(parts), end, seconds: (performance.now() - begun) / 1000 };
}

function errorCode({ response, body }) {
  if (response.status === 500) return 'STATUS 500';
  if (response.status === 416 && body.length === 0) return '416';
  try {
    const { detail, code } = JSON.parse(body.toString());
    return typeof detail === 'string' && typeof code === 'string' ? code : 'NO CODE';
  } catch {
    return `NO JSON (${response.status})`;
  }
}

/** Where the bytes of an answer belong, as the answer says; null where it says something wrong. */
function placeOf({ status, headers }, asked, size) {
  if (status !== 206) return asked?.isWholeGood === false ? null : [0, size];
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  const isRight = match && (match[3] === '*' || Number(match[3]) === size);
  return isRight && first === asked?.first && last === asked?.last ? [first, last + 1] : null;
}

/** Bytes against the files: every prefix of one version that was broken off is fine, nothing else. */
function judgeBytes(answer, files, asked) {
  const { response, body, end } = answer;
  if (!response) return end;
  if (!response.ok) return end === 'whole' ? errorCode(answer) : end;
  const place = placeOf(response, asked, files[0].length);
  if (!place) return `WRONG RANGE ${response.status} ${response.headers.get('content-range')}`;
  const parts = files.map((bytes) => bytes.subarray(...place));
  const isPrefix = parts.some((bytes) => bytes.subarray(0, body.length).equals(body));
  if (!isPrefix) return 'SPLICE';
  if (end !== 'whole') return end;
  return body.length === parts[0].length ? 'equal' : 'SHORT';
}

function judgeHead({ response, end }, size, due) {
  if (!response) return end;
  if (!response.ok) return due === 'equal' ? `status ${response.status}` : due.split(' ')[0];
  const length = response.headers.get('content-length');
  return length === null || Number(length) === size ? 'equal' : `LENGTH ${length}`;
}

/** All lines as they were, addresses apart, of which there are as many, all of this server. */
function judgePlaylist(answer, files) {
  const { response, body, end } = answer;
  if (!response || end !== 'whole') return end;
  if (!response.ok) return errorCode(answer);
  const bare = (text) => text.replaceAll(/^[^#\n].*$/gm, '*');
  const isOwn = uris(body.toString()).every((line) => /^\.\/[\w-]{40,}\/segment\.ts$/.test(line));
  if (!isOwn) return 'FOREIGN ADDRESS';
  return files.some((text) => bare(text.toString()) === bare(body.toString())) ? 'equal' : 'MISMATCH';
}

/** Asks for what the step is about and says what came of it. */
async function runStep(step, { base, source, links, due }) {
  const stream = `${base}/proxy/stream?d=${encodeURIComponent(`${source}/film.mkv`)}`;
  const size = film[0].length;
  const bytes = async (asked) => {
    const range = asked.range ? { headers: { range: asked.range } } : {};
    const answer = await ask(stream, range);
    return { outcome: judgeBytes(answer, film, asked), seconds: answer.seconds };
  };
  if (step === 'whole') return bytes({});
  if (step === 'part') return bytes({ range: 'bytes=500000-999999', first: 500_000, last: 999_999 });
  if (step === 'suffix') return bytes({ range: 'bytes=-300000', first: size - 300_000, last: size - 1 });
  if (step === 'HEAD') {
    const answer = await ask(stream, { method: 'HEAD' });
    return { outcome: judgeHead(answer, size, due), seconds: answer.seconds };
  }
  if (step === 'playlist') {
    const answer = await ask(manifestOf(base, source));
    return { outcome: judgePlaylist(answer, playlist), seconds: answer.seconds };
  }
  const n = step === 'first segment' ? 0 : links.length - 1;
  const answer = await ask(links[n]);
  return { outcome: judgeBytes(answer, segments[n], {}), seconds: answer.seconds };
}

const manifestOf = (base, source) =>
  `${base}/proxy/hls/manifest.m3u8?d=${encodeURIComponent(`${source}/hls/index.m3u8`)}`;

/** Addresses of the segments, sealed while all is well: a server that knows no fault yet has made them. */
async function linksOf({ base, source, port }) {
  const clean = await startUpstream(folder, port, []);
  const manifest = manifestOf(sealing.url, source);
  const { body } = await ask(manifest);
  await stop(clean);
  return uris(body.toString()).map((uri) => `${base}${new URL(uri, manifest).pathname}`);
}

async function runFault([fault, due]) {
  const port = await freePort();
  const source = `http://127.0.0.1:${port}`;
  const links = await linksOf({ base: tested.url, source, port });
  const upstream = await startUpstream(folder, port, fault.split('+'));
  const cells = [];
  for (const step of STEPS) {
    if (IS_PASSING.test(fault) || fault.includes('mutate'))
      await fetch(`${source}/__log`, { method: 'DELETE' });
    cells.push(cell(await runStep(step, { base: tested.url, source, links, due }), due));
  }
  await stop(upstream);
  return [fault, due, ...cells];
}

const folder = makeFolder();
const filmPath = makeFilm(folder, 'film', { seconds: 8, rate: '1500k' });
const playlistPath = makeStream(folder, filmPath);
const film = versions(filmPath);
const playlist = versions(playlistPath);
const segments = uris(playlist[0].toString()).map((name) => versions(join(folder, 'hls', name)));
const tested = await startSluice(values.server, folder, 'tested');
const sealing = await startSluice(values.server, folder, 'sealing');
const queue = RUNS.filter(([fault]) => fault.includes(values.match));
const rows = await runAll(queue, Number(values.jobs), runFault);
await Promise.all([stop(tested.child), stop(sealing.child)]);
remove(folder);
report(['fault', 'due', ...STEPS.map((step) => `${step} (s)`)], rows, {
  child: tested.child,
  intro: `A film of ${(film[0].length / 1e6).toFixed(1)} MB and its HLS of ${segments.length} segments.`,
});
