import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

/**
 * A URL that no request may follow while only `GATE` is allowed (`allow: [GATE]`) and `forbiddenLookup` resolves names:
 * `forbidden-address`.
 */
export interface ForbiddenAddress {
  readonly name: string;
  /** @param port of the trap: this machine's own ends of it must not be connected to */
  readonly url: (port: number) => string;
  /** What the row's way to a forbidden address is, where the URL does not say it: `forbiddenLookup`, the gate, or both. */
  readonly needs?: 'dns' | 'redirect' | 'rebinding';
}

/** The one private address that is allowed: it redirects where it is told to. */
export const GATE = '127.0.0.2';

const PUBLIC = '93.184.216.34';

/** Host names that only `forbiddenLookup` knows, to the answers that they give in turn, over and over. */
const NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  localhost: [['127.0.0.1', '::1']],
  'a.localhost': [['127.0.0.1']],
  'localhost.localdomain': [['127.0.0.1']],
  nas: [['127.0.0.1']],
  'printer.local': [['127.0.0.1']],
  'metadata.google.internal': [['169.254.169.254']],
  '127.0.0.1.nip.example': [['127.0.0.1']],
  '127-0-0-1.sslip.example': [['127.0.0.1']],
  '7f000001.nip.example': [['127.0.0.1']],
  'loopback.example': [['127.0.0.1']],
  'loopback6.example': [['::1']],
  'mapped.example': [['::ffff:127.0.0.1']],
  'mapped-hex.example': [['::ffff:7f00:1']],
  'nat64.example': [['64:ff9b::7f00:1']],
  'zone.example': [['fe80::1%lo']],
  'unspecified.example': [['0.0.0.0']],
  'unspecified6.example': [['::']],
  'home.example': [['192.168.1.1']],
  'last-of-two.example': [[PUBLIC, '127.0.0.1']],
  'last-of-two6.example': [[PUBLIC, '::1']],
  'first-of-two.example': [['127.0.0.1', PUBLIC]],
  'gate-and-loopback.example': [[GATE, '127.0.0.1']],
  'rebinding.example': [[GATE], ['127.0.0.1']],
  'rebinding6.example': [[GATE], ['::1']],
  'rebinding-both.example': [[GATE], [GATE, '127.0.0.1']],
};

/** For clients: every name of the rows that need one leads to where they say. A new one counts its answers anew. */
export function forbiddenLookup(): (host: string) => Promise<{ address: string; family: number }[]> {
  const asked = new Map<string, number>();
  return async (host) => {
    const name = host.replace(/\.$/, '');
    const answers = NAMES[name];
    if (!answers) throw Object.assign(new Error('No such name in the table'), { code: 'ENOTFOUND' });
    const turn = asked.get(name) ?? 0;
    asked.set(name, turn + 1);
    const answer = answers[turn % answers.length] ?? [];
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
}

/** The literal stands where `*` does, a port behind it. */
const literal = (name: string, text: string): ForbiddenAddress => ({
  name,
  url: (port) => text.replace('*', String(port)),
});

const LITERALS: readonly ForbiddenAddress[] = [
  literal('dotted', 'http://127.0.0.1:*/'),
  literal('the end of the loopback network', 'http://127.255.255.254:*/'),
  literal('two parts', 'http://127.1:*/'),
  literal('three parts', 'http://127.0.1:*/'),
  literal('decimal', 'http://2130706433:*/'),
  literal('hexadecimal', 'http://0x7f000001:*/'),
  literal('hexadecimal parts', 'http://0x7F.0x0.0x0.0x1:*/'),
  literal('octal', 'http://017700000001:*/'),
  literal('octal parts', 'http://0177.0.0.01:*/'),
  literal('mixed bases', 'http://0177.0x0.1:*/'),
  literal('leading zeros', 'http://127.0.0.000001:*/'),
  literal('trailing dot', 'http://127.0.0.1.:*/'),
  literal('full-width digits', 'http://１２７.０.０.１:*/'),
  literal('ideographic full stops', 'http://127。0。0。1:*/'),
  literal('digits in circles', 'http://①②⑦.⓪.⓪.①:*/'),
  literal('percent-encoded digits', 'http://%31%32%37.0.0.1:*/'),
  literal('a soft hyphen within', 'http://127.0.\u00ad0.1:*/'),
  literal('a zero-width space within', 'http://127.0.0\u200b.1:*/'),
  literal('unspecified', 'http://0.0.0.0:*/'),
  literal('zero', 'http://0:*/'),
  literal('hexadecimal nothing', 'http://0x:*/'),
  literal('another host as the user', 'http://public.example@127.0.0.1:*/'),
  literal('another host as the password', 'http://user:public.example@127.0.0.1:*/'),
  literal('two at signs', 'http://a@public.example@127.0.0.1:*/'),
  literal('another host behind a backslash', 'http://127.0.0.1:*\\@public.example/'),
  literal('another host in the fragment', 'http://127.0.0.1:*/#@public.example/'),
  literal('another host in the query', 'http://127.0.0.1:*/?@public.example/'),
  literal('backslashes for slashes', 'http:\\\\127.0.0.1:*\\'),
  literal('no slashes', 'http:127.0.0.1:*'),
  literal('three slashes', 'http:///127.0.0.1:*/'),
  literal('a line feed in the scheme', 'ht\ntp://127.0.0.1:*/'),
  literal('a tab in the host', 'http://127.\t0.0.1:*/'),
  literal('a carriage return before the port', 'http://127.0.0.1\r:*/'),
  literal('a space before it all', ' http://127.0.0.1:*/'),
  literal('upper case', 'HTTP://127.0.0.1:*/'),
  literal('a port with leading zeros', 'http://127.0.0.1:0*/'),
  literal('https', 'https://127.0.0.1:*/'),
  literal('IPv6 loopback', 'http://[::1]:*/'),
  literal('IPv6 loopback in full', 'http://[0000:0000:0000:0000:0000:0000:0000:0001]:*/'),
  literal('IPv6 unspecified', 'http://[::]:*/'),
  literal('IPv4-mapped', 'http://[::ffff:127.0.0.1]:*/'),
  literal('IPv4-mapped, hexadecimal', 'http://[::FFFF:7f00:1]:*/'),
  literal('IPv4-mapped unspecified', 'http://[::ffff:0.0.0.0]:*/'),
  literal('IPv4-compatible', 'http://[::127.0.0.1]:*/'),
  literal('IPv4-translated', 'http://[::ffff:0:127.0.0.1]:*/'),
  literal('NAT64', 'http://[64:ff9b::127.0.0.1]:*/'),
  literal('local NAT64', 'http://[64:ff9b:1::7f00:1]:*/'),
  literal('6to4', 'http://[2002:7f00:1::]:*/'),
  literal('Teredo', 'http://[2001::80ff:fffe]:*/'),
  literal('ISATAP', 'http://[2606:4700::5efe:127.0.0.1]:*/'),
  literal('outside of what IANA has given out', 'http://[4000::1]:*/'),
  literal('IPv6 link local', 'http://[fe80::1]:*/'),
  literal('IPv6 site local', 'http://[fec0::1]:*/'),
  literal('IPv6 unique local', 'http://[fd00::2]:*/'),
  literal('IPv6 multicast', 'http://[ff02::1]:*/'),
  literal('private, 10/8', 'http://10.0.0.1:*/'),
  literal('private, 172.16/12', 'http://172.31.255.254:*/'),
  literal('private, 192.168/16', 'http://192.168.0.1:*/'),
  literal('carrier-grade NAT', 'http://100.64.0.1:*/'),
  literal('link local', 'http://169.254.1.1:*/'),
  literal('multicast', 'http://224.0.0.1:*/'),
  literal('broadcast', 'http://255.255.255.255:*/'),
  literal('reserved', 'http://240.0.0.1:*/'),
  literal('metadata of AWS, GCP, Azure', 'http://169.254.169.254/latest/meta-data/'),
  literal('metadata of AWS, decimal', 'http://2852039166/latest/meta-data/'),
  literal('metadata of AWS, IPv6', 'http://[fd00:ec2::254]/latest/meta-data/'),
  literal('metadata of Alibaba', 'http://100.100.100.200/latest/meta-data/'),
  literal('metadata of Oracle', 'http://192.0.0.192/latest/meta-data/'),
  literal('the wire server of Azure', 'http://168.63.129.16/metadata'),
  literal('a public host at the port of SSH', `http://${PUBLIC}:22/`),
  literal('a public host at the port of SMTP', `http://${PUBLIC}:25/`),
  literal('a public host at the port of IRC', `https://${PUBLIC}:6667/`),
];

/** @param host as the URL writes it */
const named = (host: string): ForbiddenAddress => ({
  name: `a name: ${host}`,
  url: (port) => `http://${host}:${port}/`,
  needs: 'dns',
});

const BY_NAME: readonly ForbiddenAddress[] = [
  ...Object.keys(NAMES)
    .filter((name) => !name.startsWith('rebinding'))
    .map(named),
  named('LOCALHOST'),
  named('localhost.'),
  named('ⓛⓞⓒⓐⓛⓗⓞⓢⓣ'),
  named('loopback.example.'),
];

/** @param to what the gate answers as Location; `*` is the port */
const redirect = (name: string, to: string): ForbiddenAddress => ({
  name: `a redirect: ${name}`,
  url: (port) => gateUrl(port, to.replaceAll('*', String(port))),
  needs: 'redirect',
});

const gateUrl = (port: number, to: string): string => `http://${GATE}:${port}/?to=${encodeURIComponent(to)}`;

const REDIRECTS: readonly ForbiddenAddress[] = [
  redirect('to loopback', 'http://127.0.0.1:*/'),
  redirect('to a decimal', 'http://2130706433:*/'),
  redirect('to IPv6', 'http://[::1]:*/'),
  redirect('to IPv4-mapped', 'http://[::ffff:127.0.0.1]:*/'),
  redirect('without a scheme', '//127.0.0.1:*/'),
  redirect('with backslashes', '\\\\127.0.0.1:*/'),
  redirect('with another host as the user', `http://${GATE}@127.0.0.1:*/`),
  redirect('with a tab', 'http://127.0\t.0.1:*/'),
  redirect('to a name', 'http://loopback.example:*/'),
  redirect('to localhost', 'http://localhost:*/'),
  redirect('to metadata', 'http://169.254.169.254/latest/meta-data/'),
  redirect('to https', 'https://127.0.0.1:*/'),
  redirect('to a port that is never asked', `http://${PUBLIC}:25/`),
  {
    name: 'a redirect: the third of three',
    url: (port) => gateUrl(port, gateUrl(port, gateUrl(port, `http://127.0.0.1:${port}/`))),
    needs: 'redirect',
  },
];

/** The first answer of the name is the gate, which redirects to the name again and cuts the connection. */
const rebinding = (host: string): ForbiddenAddress => ({
  name: `rebinding: ${host}`,
  url: (port) =>
    `http://${host}:${port}/?to=${encodeURIComponent(`http://${host}:${port}/latest/meta-data/`)}`,
  needs: 'rebinding',
});

export const FORBIDDEN_ADDRESSES: readonly ForbiddenAddress[] = [
  ...LITERALS,
  ...BY_NAME,
  ...REDIRECTS,
  rebinding('rebinding.example'),
  rebinding('rebinding6.example'),
  rebinding('rebinding-both.example'),
];

/** No URL at all, whatever some libraries read into it: `bad-request`. */
export const UNREADABLE_ADDRESSES: readonly ForbiddenAddress[] = [
  literal('a zone', 'http://[fe80::1%25lo]:*/'),
  literal('a bare zone', 'http://[::1%lo]:*/'),
  literal('a part too large', 'http://383.0.0.1:*/'),
  literal('a number too large', 'http://6425673729:*/'),
  literal('a digit that is not octal', 'http://127.0.0.08:*/'),
  literal('five parts', 'http://127.0.0.0.1:*/'),
  literal('a zero byte', 'http://127.0.0.1%00.public.example:*/'),
  literal('a slash in the host', 'http://127.0.0.1%2f.public.example:*/'),
  literal('hexadecimal inside IPv6', 'http://[::ffff:0x7f.1]:*/'),
  literal('a port too large', 'http://127.0.0.1:6553600*/'),
];

export interface Trap {
  readonly port: number;
  /** TCP connections that were made to 127.0.0.1 and [::1]. */
  connections(): number;
  /** Requests that the gate answered: shows that rows with `redirect` and `rebinding` came that far. */
  gateRequests(): number;
  close(): Promise<void>;
}

/** Listens where no row may connect to, and, at the same port, opens the gate. */
export async function startTrap(): Promise<Trap> {
  const seen = { connections: 0, gateRequests: 0 };
  const gate = createHttpServer((request, response) => {
    seen.gateRequests++;
    const to = new URL(request.url ?? '', 'http://gate').searchParams.get('to');
    const location = to === null ? {} : { location: to };
    response.writeHead(to === null ? 404 : 302, { ...location, connection: 'close' }).end();
  });
  const trap = () =>
    createServer((socket) => {
      seen.connections++;
      socket.destroy();
    });
  const servers = [
    { server: gate, host: GATE },
    { server: trap(), host: '127.0.0.1' },
    { server: trap(), host: '::1' },
  ];
  const port = await listenTogether(servers);
  return {
    port,
    connections: () => seen.connections,
    gateRequests: () => seen.gateRequests,
    async close() {
      gate.closeAllConnections();
      await Promise.all(servers.map(({ server }) => close(server)));
    },
  };
}

interface Listener {
  readonly server: Server;
  readonly host: string;
}

/** @returns the port that was free at all of their hosts */
async function listenTogether(listeners: readonly Listener[]): Promise<number> {
  let port = 0;
  for (const { server, host } of listeners) {
    try {
      port = await listen(server, port, host);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      await Promise.all(listeners.map((listener) => close(listener.server)));
      return listenTogether(listeners);
    }
  }
  return port;
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const close = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));
