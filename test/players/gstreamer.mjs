// GStreamer's playbin3 with sinks that only look; gstreamer.py runs it.
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.mjs';

/** Debian's, which has the bindings; not another one that comes first on the path. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('gstreamer.py', import.meta.url));

async function open(url) {
  const child = startChild(() => [PYTHON, SCRIPT, url]);
  const waiting = [];
  createInterface({ input: child.process.stdout }).on('line', (line) => waiting.shift()?.(JSON.parse(line)));
  const ask = (...command) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`GStreamer does not answer to ${command}`)), 15_000);
      waiting.push((answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      child.process.stdin.write(`${JSON.stringify(command)}\n`);
    });
  return {
    precision: 0.5,
    async status() {
      const status = await ask('status');
      return { ...status, complaints: [...status.complaints, ...child.complaints()] };
    },
    seek: (time) => ask('seek', time),
    speak: (language) => ask('speak', language),
    close: child.close,
  };
}

export const gstreamerPlayer = (servers) => ({
  /** It cannot change from one codec of the picture to another, and begins with a change: it is offered the copy alone. */
  wish: 'video=copy',
  name: execFileSync('gst-inspect-1.0', ['--gst-version'], { encoding: 'utf8' }).trim(),
  origin: servers.sluice,
  canPlay: async () => true,
  open,
  stop: async () => undefined,
});
