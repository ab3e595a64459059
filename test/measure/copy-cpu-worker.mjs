// Copies one local file into fMP4 segments in this process: `pass` reads it once in order, `segments` makes every
// segment of the first video and the first audio rendition by itself.
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { liveSegments } from '../../dist/src/pipeline/live/live-segment.js';
import { openPass } from '../../dist/src/pipeline/live/pass.js';
import { planTitle } from '../../dist/src/pipeline/plan-title.js';
import { renderSegment } from '../../dist/src/pipeline/render-segment.js';
import { planRenditions } from '../../dist/src/pipeline/renditions.js';
import { createSpanCache } from '../../dist/src/pipeline/span-cache.js';
import { segmentCount } from '../../dist/src/pipeline/title.js';

const [path, way] = process.argv.slice(2);
const { size } = statSync(path);
const options = { video: null, audio: null, recovery: 'shown' };
const { signal } = new AbortController();
const CHUNK = 256 * 1024;

const file = await open(path);

async function* read({ start, end }) {
  for (let at = start; at < Math.min(end, size); ) {
    const chunk = new Uint8Array(Math.min(CHUNK, end - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

async function pass() {
  const sequence = { size, open: () => read({ start: 0, end: size }) };
  const { segments } = await openPass(sequence, options, signal);
  let bytes = 0;
  for await (const segment of liveSegments(segments)) bytes += segment.size;
  return bytes;
}

async function segments() {
  const source = { size, read };
  const title = await planTitle(source, options, signal);
  const renditions = planRenditions(title);
  const context = { spans: createSpanCache(64 * 1024 * 1024), transcripts: null, signal };
  const wanted = ['video', 'audio'].map((kind) => renditions.find((rendition) => rendition.kind === kind));
  let bytes = 0;
  for (let n = 0; n < segmentCount(title); n++)
    for (const rendition of wanted)
      for await (const chunk of renderSegment(title, { rendition, n }, context))
        for (const part of chunk) bytes += part.length;
  return bytes;
}

const bytes = await (way === 'pass' ? pass() : segments());
if (bytes < size / 2) throw new Error(`Only ${bytes} bytes of ${size} came out`);
await file.close();
