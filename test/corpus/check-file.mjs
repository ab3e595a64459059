import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { corpus, tools } from './files.mjs';
import { NOT_JUDGED } from './not-judged.mjs';

export const CHECKER = join(tools, 'check-hls');

/**
 * Grades, best first: `played` every track of video and audio is served and nothing is found against it, `partly` the
 * same for some of them while the others are named with the reason, `refused` an error with a code, `findings` the
 * checker finds something, `broken` no clear answer.
 */
export const GRADES = ['played', 'partly', 'refused', 'findings', 'broken'];

const TIMEOUT = 15_000;

/** One file through probe and checker. */
export async function checkFile({ path }, { app, upstream }) {
  const url = `${upstream}/${path.split('/').map(encodeURIComponent).join('/')}`;
  const d = encodeURIComponent(url);
  const answer = await fetch(`${app}/probe?d=${d}`, { signal: AbortSignal.timeout(TIMEOUT) }).catch(
    (error) => ({
      status: 0,
      json: async () => ({ error: { message: String(error) } }),
    }),
  );
  const body = await answer.json().catch(() => ({}));
  if (answer.status !== 200) return refusal(path, answer.status, body.error);
  const media = body.tracks.filter(({ kind }) => kind === 'video' || kind === 'audio');
  const omitted = media.filter(({ action }) => action === 'omit');
  const isCopied = body.renditions.some(({ name }) => /^v\d+$/.test(name));
  const isEncoded = !isCopied && body.renditions.some(({ name }) => /^v\d+-/.test(name));
  // Where there is a copy it is what is compared; tests of their own look at what is encoded beside it.
  const master = `${app}/hls/master.m3u8?d=${d}${isCopied ? '&video=copy' : ''}`;
  const source = join(corpus, 'files', path);
  const always = [...ignoredFor(path), ...(isEncoded ? ENCODED : [])];
  const first = await runChecker({ master, source, ignored: always });
  const known = first.couldRun ? { source } : {};
  const isDecoded = first.passed || (await decodes(source));
  const ignored = [...always, ...(isDecoded ? [] : DECODING)];
  const again = !first.couldRun || !isDecoded;
  const checked = again ? await runChecker({ master, ...known, ignored }) : first;
  // What cannot be decoded cannot be encoded: its segments answer with an error that says so.
  const isUndecodable = isEncoded && !isDecoded && !checked.passed;
  const found = isUndecodable ? 'refused' : 'findings';
  const grade = !checked.passed ? found : omitted.length > 0 ? 'partly' : 'played';
  return {
    path,
    grade,
    detail: [
      checked.last,
      ...(first.couldRun ? [] : ['ffprobe cannot read the source']),
      ...(isDecoded ? [] : ['ffmpeg complains when it decodes the source: decoding is not judged']),
    ].join('; '),
    findings: checked.fails,
    warnings: checked.warns,
    tracks: media.map(describeTrack).join(' · '),
  };
}

const describeTrack = ({ sourceCodec, codec, action, reason }) =>
  action === 'omit' ? `${sourceCodec} omitted (${reason})` : `${sourceCodec} as ${codec}`;

function refusal(path, status, error) {
  const isClear = status >= 400 && status !== 500 && typeof error?.code === 'string';
  const grade = isClear ? 'refused' : 'broken';
  const detail = isClear
    ? `${error.code}: ${error.message}`
    : `status ${status}: ${error?.message ?? 'no JSON'}`;
  return { path, grade, detail, findings: [], warnings: [], tracks: '' };
}

/** Exit code of the checker: nothing found, something found, could not run. */
const COULD_NOT_RUN = 2;

/** What asks ffmpeg to decode. */
const DECODING = ['decode', 'tc-decode', 'tc-energy'];

/** Encoded pictures are not those of the source, bit for bit. */
const ENCODED = ['src-decoded'];

const ignoredFor = (path) => Object.keys(NOT_JUDGED[path] ?? {});

/** Whether ffmpeg decodes a file without a complaint. */
const decodes = (file) =>
  new Promise((resolve) => {
    const args = ['-v', 'error', '-xerror', '-i', file, '-map', '0:v?', '-map', '0:a?', '-f', 'null', '-'];
    execFile('ffmpeg', args, { timeout: 60_000 }, (error, _, stderr) => resolve(!error && stderr === ''));
  });

/** The checker's verdict and the findings it printed. */
function runChecker({ master, source, ignored }) {
  const args = [
    CHECKER,
    master,
    '--random-order',
    '--decode',
    ...(source ? ['--source', source] : []),
    ...(ignored.length > 0 ? ['--ignore', ignored.join(',')] : []),
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 1 << 26, timeout: 300_000 }, (error, stdout) => {
      const lines = stdout.split('\n');
      resolve({
        couldRun: error?.code !== COULD_NOT_RUN,
        passed: !error,
        fails: lines.filter((line) => line.startsWith('FAIL')),
        warns: [
          ...new Set(lines.filter((line) => line.startsWith('WARN')).map((line) => line.split(/\s+/)[1])),
        ],
        last: lines.findLast((line) => / checks, /.test(line)) ?? 'no answer',
      });
    });
  });
}
