// A static file server with ranges: node upstream.mjs FILE; prints its address.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';

const [path] = process.argv.slice(2);
const { size } = statSync(path);
const server = createServer((request, response) => {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last), size - 1) : size - 1;
  const part = first === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` };
  response.writeHead(first === undefined ? 200 : 206, {
    'content-length': end - start + 1,
    etag: `"${size}"`,
    ...part,
  });
  createReadStream(path, { start, end, highWaterMark: 2 ** 20 })
    .on('error', () => response.destroy())
    .pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/film.mkv`));
