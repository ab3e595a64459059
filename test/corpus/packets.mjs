// Compares the packets of every file of a corpus with those that ffprobe read: count, size, CRC and time (of transport
// streams from the first packet of each stream on: ffprobe unwraps them its own way; of MP4 after edit lists). The corpus lies outside of the project: SLUICE_CORPUS names its folder (default: ../shared/corpus).
//   npm run build && node test/corpus/packets.mjs [--match TEXT]
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crc32, gunzipSync } from 'node:zlib';

const project = fileURLToPath(new URL('../..', import.meta.url));
const { openContainer } = await import(join(project, 'dist/parsers/detect.js'));
const { openMatroska } = await import(join(project, 'dist/parsers/matroska/demuxer.js'));
const { openMp4 } = await import(join(project, 'dist/parsers/mp4/demuxer.js'));
const { openTransportStream } = await import(join(project, 'dist/parsers/mpegts/demuxer.js'));
const { memorySource } = await import(join(project, 'dist/src/core/bytes.js'));
const corpus = process.env.SLUICE_CORPUS ?? join(project, '../shared/corpus');
const { values } = parseArgs({ options: { match: { type: 'string' } } });
const signal = new AbortController().signal;

/** Nanoseconds: ffprobe rounds to the container's precision, mostly 1 ms. */
const TOLERANCE = 1_000_000;

/** What is refused as a whole: bare pictures and texts. */
const NO_CONTAINER = /^(hevc|h264|srt|sup|ass|container)$/;

function manifest() {
  const [head, ...rows] = readFileSync(join(corpus, 'MANIFEST.tsv'), 'utf8').trim().split('\n');
  const names = head.split('\t');
  return rows
    .map((row) => Object.fromEntries(row.split('\t').map((cell, i) => [names[i], cell])))
    .filter((file) => !NO_CONTAINER.test(file.container))
    .filter((file) => !values.match || file.path.includes(values.match));
}

/** Tracks that ffprobe reads otherwise, and why: they are not compared. */
const NOT_COMPARED = {
  'Borewit+music-metadata/test/samples/mp4/issue-744.mp4#2':
    'one frame, in front of the edit: its end is presented',
  'Eyevinn+mp4ff/mp4/testdata/cbcs.mp4#1': 'ffprobe gives up in the second encrypted fragment',
  'Eyevinn+mp4ff/mp4/testdata/vvc_400kbps_2s.mp4#1':
    'ffprobe adds the least of negative composition offsets to all stamps',
  'androidx+media/libraries/test_data/src/test/assets/media/mp4/sample_missing_stsd.mp4#2':
    'without a description nothing is read',
  'joeyparrish+shaka-packager/packager/media/test/data/BigBuckBunny_10s.ismv#1':
    'ffprobe does not read tfxd, by which pictures begin at 0',
  'joeyparrish+shaka-packager/packager/media/test/data/BigBuckBunny_10s.ismv#2': 'and sound 21.3 ms before',
  'joeyparrish+shaka-packager/packager/media/test/data/bear-640x360-av_frag.mp4#2':
    'data offsets count from the fragment though nothing says so: ffprobe reads other bytes',
  'mozilla+mp4parse-rust/mp4parse/tests/test_case_1185230.mp4#2':
    'an edit that begins 576 s behind the media',
  'mozilla+mp4parse-rust/mp4parse_capi/tests/opus_audioinit_two_desc.mp4#1':
    'the first packet of each fragment begins in the header of its mdat',
  'sannies+mp4parser/examples/src/main/resources/count-deutsch-audio.mp4#1':
    'composition offsets by which two frames are heard at once are left out',
  'sannies+mp4parser/examples/src/main/resources/count-english-audio.mp4#1': 'the same',
  'shaka-project+shaka-player/test/test/assets/clear-encrypted-hls/audio-enc-s3.mp4#1':
    'ffprobe gives frames of fragments that the edit list leaves out',
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample_ac3.ts#1900':
    'ffprobe counts the end of a frame that began before the file',
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample_dts_hd_across_pes.ts#256':
    'ffprobe makes two packets of a frame whose core and extension lie in two PES packets',
  'androidx+media/libraries/test_data/src/test/assets/media/ts/sample_ait.ts#330':
    'ffprobe counts the beginning of a frame that the file ends in',
  'joeyparrish+shaka-packager/packager/media/test/data/bear-vp8-webvtt.webm#3':
    'ffprobe takes identifier and settings out of D_WEBVTT blocks and gives them as side data',
  'webmproject+libwebm/testing/testdata/invalid/invalid_vp9_bitstream-bug_1416.webm#2':
    'ffprobe gives no packets of a track whose CodecID is damaged',
};

/** Longest difference between two Vorbis frames of one lace: only the decoder knows which is short and which is long. */
const VORBIS_FRAME = 25_000_000;

/** ffprobe's packets by stream index. */
function oracle(path) {
  const text = gunzipSync(readFileSync(join(corpus, 'oracles/ffprobe', `${path}.csv.gz`))).toString();
  const streams = new Map();
  // Side data break the line.
  const rows = text.trim().split(/\n(?=\d)/);
  for (const row of rows) {
    const [stream, pts, , , size, pos, flags] = row.split(',');
    const crc = /CRC32:([0-9a-f]+)/.exec(row)?.[1];
    const list = streams.get(Number(stream)) ?? [];
    streams.set(Number(stream), list);
    list.push({
      time: Number.parseFloat(pts) * 1e9,
      size: Number(size),
      pos,
      crc,
      isHidden: flags?.includes('D'),
    });
  }
  return streams;
}

/** Those that have another view of samples than the one that is played. */
const OPENERS = {
  matroska: openMatroska,
  webm: openMatroska,
  mpegts: openTransportStream,
  mp4: openMp4,
};

async function packets({ path, container }) {
  const file = readFileSync(join(corpus, 'files', path));
  const open = OPENERS[container] ?? openContainer;
  const demuxer = await open(memorySource(file), signal, { asStored: true });
  const { start, end } = demuxer.payload;
  const byTrack = new Map(demuxer.tracks.map((track) => [track.id, []]));
  const query = { start, soft: end, end, tracks: new Set(byTrack.keys()) };
  let skipped = 0;
  for await (const batch of demuxer.samples(query, signal)) {
    skipped += batch.skipped;
    for (const sample of batch.samples)
      byTrack.get(sample.trackId).push({
        time: sample.time,
        size: sample.data.length,
        pos: sample.position,
        crc: crc32(sample.data).toString(16).padStart(8, '0'),
      });
  }
  return { demuxer, byTrack, skipped };
}

/** ffprobe counts laced frames on in whole units of the container, so that each is off by up to one more. */
function placeInLace(packets, i) {
  let first = i;
  while (packets[first - 1]?.pos === packets[i].pos) first--;
  return i - first;
}

/** What differs between one track and ffprobe's stream, the first of each kind. */
function compare(own, theirs, { sourceCodec, codecDelay }) {
  const frame = sourceCodec === 'A_VORBIS' ? VORBIS_FRAME : TOLERANCE;
  const found = [];
  if (own.length !== theirs.length) found.push(`${own.length} packets, ffprobe ${theirs.length}`);
  const kinds = {
    size: (a, b) => a.size !== b.size,
    crc: (a, b) => a.crc !== b.crc,
    time: (a, b, i) => Math.abs(a.time - codecDelay - b.time) > TOLERANCE + frame * placeInLace(theirs, i),
  };
  for (const [name, differs] of Object.entries(kinds)) {
    const wrong = theirs.flatMap((packet, i) => (own[i] && differs(own[i], packet, i) ? [i] : []));
    if (wrong.length === 0) continue;
    const [i] = wrong;
    const show = (p) => (name === 'time' ? (p.time / 1e9).toFixed(4) : p[name]);
    found.push(`${name} of ${wrong.length}, first ${i}: ${show(own[i])} ≠ ${show(theirs[i])}`);
  }
  return found;
}

/** What is cut into frames as ffprobe does it; of Opus it takes the control headers away. */
const CUT = new Set(['h264', 'hevc', 'aac', 'aac_latm', 'ac3', 'eac3', 'mpeg-audio', 'dts']);

/** Samples of a constant size, which are read in pieces of a length of one's own. */
const PCM = /^([iflu]pcm|twos|sowt|raw |in24|in32|fl32|fl64)$/;

const UNREADABLE = {
  mp4: ({ kind, sourceCodec }) => {
    if (PCM.test(sourceCodec)) return `${sourceCodec} is read in other pieces`;
    return kind === 'audio' || kind === 'video' ? null : `${sourceCodec} is not read`;
  },
  mpegts: ({ sourceCodec, unreadable: reason }) =>
    reason ?? (CUT.has(sourceCodec) ? null : `${sourceCodec} is not compared`),
};

const unreadable = (track, { container }) => UNREADABLE[container]?.(track) ?? null;

/**
 * ffprobe's packets without those that it decodes but does not show, where they are left out here too, and without the
 * torso that a file ends in.
 */
function expected(own, theirs, { bytes, container }) {
  if (container !== 'mp4') return theirs;
  const kept = [];
  for (const packet of theirs)
    if (!packet.isHidden || own[kept.length]?.crc === packet.crc) kept.push(packet);
  const last = kept.at(-1);
  const isTorso = last && Number(last.pos) + last.size === Number(bytes) && kept.length === own.length + 1;
  return isTorso ? kept.slice(0, -1) : kept;
}

/** By where ffprobe has the first packet of the stream. */
function shifted(own, theirs, { container }) {
  if (container !== 'mpegts' || theirs.length === 0 || own.length === 0) return own;
  const offset = own[0].time - theirs[0].time;
  return own.map((packet) => ({ ...packet, time: packet.time - offset }));
}

/** In MP4 an edit list takes the delay away, for ffprobe too. */
const delayOf = ({ sourceCodec, codecDelay = 0 }, { container }) => ({
  sourceCodec,
  codecDelay: container === 'mp4' ? 0 : codecDelay,
});

/** What differs, and what is only worth knowing. */
async function check(file) {
  const { path } = file;
  const hasOracle = existsSync(join(corpus, 'oracles/ffprobe', `${path}.csv.gz`));
  const { demuxer, byTrack, skipped } = await packets(file);
  const notes = skipped > 0 ? [`${skipped} bytes skipped`] : [];
  if (!hasOracle) return { wrong: [], notes: [...notes, 'ffprobe reads no packet of it'] };
  const streams = oracle(path);
  const wrong = demuxer.tracks.flatMap((track, i) => {
    const reason = NOT_COMPARED[`${path}#${track.id}`] ?? unreadable(track, file);
    if (reason) notes.push(reason);
    if (reason) return [];
    const own = byTrack.get(track.id);
    const theirs = expected(own, streams.get(i) ?? [], file);
    const found = compare(shifted(own, theirs, file), theirs, delayOf(track, file));
    return found.map((text) => `#${track.id} ${track.sourceCodec}: ${text}`);
  });
  return { wrong, notes };
}

const counts = { agree: 0, differ: 0, refused: 0 };
for (const file of manifest()) {
  const { path, peculiarity } = file;
  const { wrong, notes, refused } = await check(file).catch((error) => ({
    wrong: [],
    notes: [],
    refused: `${error.code}: ${error.message}`,
  }));
  counts[refused ? 'refused' : wrong.length > 0 ? 'differ' : 'agree']++;
  const lines = [...wrong, ...notes.map((note) => `(${note})`), ...(refused ? [refused] : [])];
  if (lines.length > 0)
    console.log(`${path}  [${peculiarity}]\n${lines.map((text) => `    ${text}`).join('\n')}`);
}
console.log(counts);
process.exitCode = counts.differ > 0 ? 1 : 0;
