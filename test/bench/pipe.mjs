// What a proxy that does nothing takes: undici into the response of node:http. node pipe.mjs URL; prints its address.
import { createServer } from 'node:http';
import { stream } from 'undici';

const [url] = process.argv.slice(2);
const server = createServer((_, response) => {
  stream(url, { method: 'GET', opaque: response }, ({ opaque, headers }) => {
    opaque.writeHead(200, { 'content-length': headers['content-length'] });
    return opaque;
  }).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
