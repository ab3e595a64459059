// A channel as IPTV servers give it: a transport stream without length or ranges, as fast as it plays, begun wherever it
// is by now with some seconds of the past, by one ffmpeg for all who watch.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

/** A minute that repeats, its clock going on: testsrc2 with a burnt-in second, and a tone. */
const FILM = [
  '-f lavfi -i testsrc2=size=960x540:rate=25:duration=60 -f lavfi -i sine=frequency=440:sample_rate=48000:duration=60',
  '-c:v libx264 -preset veryfast -g 50 -bf 2 -b:v 1500k -c:a aac -b:a 128k -f mpegts',
]
  .join(' ')
  .split(' ');

export function makeFilm(path) {
  const child = spawn('ffmpeg', ['-v', 'error', '-y', ...FILM, path], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}`))));
  });
}

/** @param past seconds of the past that a connection begins with, as bytes at 1.7 Mbit/s */
export async function startBroadcast(film, past) {
  const most = Math.round((past * 1_700_000) / 8);
  const watchers = new Set();
  let recent = [];
  let held = 0;
  const opened = [];
  const ffmpeg = spawn(
    'ffmpeg',
    [
      '-v',
      'error',
      '-re',
      '-stream_loop',
      '-1',
      '-i',
      film,
      '-c',
      'copy',
      '-f',
      'mpegts',
      '-flush_packets',
      '1',
      '-',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  ffmpeg.stdout.on('data', (chunk) => {
    recent.push(chunk);
    held += chunk.length;
    while (held - (recent[0]?.length ?? 0) > most) held -= recent.shift().length;
    for (const watcher of watchers) watcher.write(chunk);
  });
  const server = createServer((_request, response) => {
    opened.push(Date.now());
    response.writeHead(200, { 'content-type': 'video/mp2t' });
    for (const chunk of recent) response.write(chunk);
    watchers.add(response);
    response.on('close', () => watchers.delete(response));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/channel.ts`,
    opened,
    /** Cuts all connections: resets them, or ends them in order. */
    cut(manner) {
      for (const watcher of watchers)
        if (manner === 'reset') watcher.socket.resetAndDestroy();
        else watcher.end();
    },
    close() {
      ffmpeg.kill('SIGKILL');
      recent = [];
      server.closeAllConnections();
      server.close();
    },
  };
}
