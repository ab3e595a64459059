import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { shakeHands } from '../../src/sources/proxy-handshake.ts';
import { cleanUp } from './http-fixture.ts';

const TARGET = { host: 'film.example', port: 443, shown: 'film.example' };

/** A connection to somebody who answers what he gets piece by piece, each of them as it stands. */
async function connected(...answers: readonly Buffer[]) {
  const got: Buffer[] = [];
  const left = [...answers];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      got.push(chunk);
      const answer = left.shift();
      if (answer) socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  cleanUp(async () => {
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { socket, got };
}

const proxy = { host: '127.0.0.1', port: 1, credentials: { user: 'me', password: 'hush' } };

describe('what comes behind the answer of a proxy stays to be read', () => {
  test('CONNECT', async () => {
    const { socket, got } = await connected(Buffer.from('HTTP/1.1 200 OK\r\nA: b\r\n\r\nfar end'));
    await shakeHands(socket, { ...proxy, kind: 'http' }, TARGET);
    expect(String((await once(socket.resume(), 'data'))[0])).toBe('far end');
    expect(String(got[0])).toBe(
      `CONNECT film.example:443 HTTP/1.1\r\nHost: film.example:443\r\nProxy-Authorization: Basic ${btoa('me:hush')}\r\n\r\n`,
    );
  });

  test.each([
    ['IPv4', Buffer.from([1, 1, 2, 3, 4])],
    ['IPv6', Buffer.from([4, ...new Array<number>(16).fill(7)])],
    ['a name', Buffer.from([3, 2, 97, 98])],
  ])('SOCKS, bound to %s', async (_, address) => {
    const reply = Buffer.concat([Buffer.from([5, 0, 0]), address, Buffer.from([0, 80])]);
    const { socket, got } = await connected(
      Buffer.from([5, 2]),
      Buffer.from([1, 0]),
      Buffer.concat([reply, Buffer.from('far end')]),
    );
    await shakeHands(socket, { ...proxy, kind: 'socks5h' }, TARGET);
    expect(String((await once(socket.resume(), 'data'))[0])).toBe('far end');
    expect(got).toEqual([
      Buffer.from([5, 2, 0, 2]),
      Buffer.from('\x01\x02me\x04hush'),
      Buffer.from('\x05\x01\x00\x03\x0cfilm.example\x01\xbb', 'latin1'),
    ]);
  });
});

test('an address in IPv6 is written with brackets', async () => {
  const { socket, got } = await connected(Buffer.from('HTTP/1.0 200\r\n\r\n'));
  await shakeHands(
    socket,
    { ...proxy, kind: 'https', credentials: null },
    { ...TARGET, host: '2606:4700::1' },
  );
  expect(String(got[0])).toBe('CONNECT [2606:4700::1]:443 HTTP/1.1\r\nHost: [2606:4700::1]:443\r\n\r\n');
});

test('a method that was not offered is refused', async () => {
  const { socket } = await connected(Buffer.from([5, 2]));
  const shaken = shakeHands(socket, { ...proxy, kind: 'socks5', credentials: null }, TARGET);
  await expect(shaken).rejects.toMatchObject({ code: 'upstream' });
});
