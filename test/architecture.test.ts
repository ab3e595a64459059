import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folder (or file) → folders it may import. Itself is always allowed. A new arrow is a decision: say why. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/codecs': ['src/core'],
  'src/sources': ['src/core'],
  'src/audio': ['src/core', 'src/codecs'],
  'src/ffmpeg': ['src/core', 'src/codecs'],
  // threads run what src/audio has
  'src/threads': ['src/core', 'src/audio'],
  parsers: ['src/core', 'src/codecs'],
  muxers: ['src/core', 'src/codecs'],
  'src/pipeline': ['src/core', 'src/codecs', 'parsers', 'muxers'],
  // what the bytes of a proxied segment are: packets of a transport stream, frames of sound
  'src/proxy': ['src/core', 'src/codecs', 'parsers'],
  'src/web': [],
  'src/uploads': ['src/core'],
  'src/shared-cache': ['src/core'],
  // muxers: the playlist type is written beside the playlist writer
  // films: what an addon lists
  'src/http': ['src/core', 'src/films', 'src/pipeline', 'src/proxy', 'src/web', 'src/config.ts', 'muxers'],
  'src/config.ts': ['src/core', 'src/settings'],
  // what settings say that are texts of their own: files and variables
  'src/settings': ['src/core'],
  'src/state.ts': [],
  // films by their names; src/proxy: M3U lists are read there
  'src/films': ['src/core', 'src/proxy'],
  // what the server and the command line have in common: films of served folders
  'src/shelved-root.ts': ['src/films', 'src/sources'],
  'src/open-films.ts': ['src/channels', 'src/config.ts', 'src/films', 'src/shelved-root.ts'],
  // files with lists of channels
  'src/channels': ['src/core'],
  // programme guides of channels; src/http: what its routes are given
  'src/guide': ['src/core', 'src/http', 'src/proxy'],
  'src/open-channels.ts': ['src/core', 'src/channels', 'src/config.ts', 'src/guide', 'src/http', 'src/proxy'],
  // what is counted and logged on Node
  'src/observing': [],
  // what an app on Node has around its routes: where it listens, and who may ask how often
  'src/serving': ['src/core', 'src/config.ts', 'src/http', 'src/observing', 'src/settings'],
  'src/app.ts': ['src/core', 'src/http'],
  // the door to another app: src/node.ts without a server
  // src/serving: it listens in servers of others
  'src/sluice.ts': ['src/core', 'src/app.ts', 'src/config.ts', 'src/http', 'src/node.ts', 'src/serving'],
  'src/open-source.ts': ['src/core', 'src/pipeline', 'src/proxy', 'src/sources', 'src/shared-cache'],
  // what passes requests on, put together
  'src/open-proxy.ts': ['src/core', 'src/config.ts', 'src/http', 'src/proxy'],
  'src/portable-deps.ts': ['src/core', 'src/http', 'src/pipeline', 'src/proxy'],
  // what only workers need; src/http: the logger's type
  'src/edge': [
    'src/core',
    'src/audio',
    'src/config.ts',
    'src/http',
    'src/pipeline',
    'src/proxy',
    'src/sources',
  ],
  'src/worker.ts': [
    'src/core',
    'src/app.ts',
    'src/edge',
    'src/http',
    'src/portable-deps.ts',
    'src/sources',
    // made by src/build-worker.ts out of installed packages
    'dist/wasm/modules.js',
  ],
  // what only the Service Worker and its page need; src/http: the logger's type, src/web: the page it is made of
  'src/browser': [
    'src/core',
    'src/audio',
    'src/http',
    'src/pipeline',
    'src/sources',
    // orders and answers of a thread
    'src/threads',
    'src/web',
  ],
  'src/service-worker.ts': [
    'src/core',
    'src/app.ts',
    'src/browser',
    'src/http',
    'src/portable-deps.ts',
    'src/sources',
  ],
  // what no upstream may redirect to
  'src/own-place.ts': ['src/config.ts', 'src/sources'],
  'src/project.ts': [],
  'src/build-node.ts': [],
  'src/build-browser.ts': ['src/audio', 'src/browser', 'src/threads'],
  'src/build-worker.ts': ['src/audio', 'src/threads', 'src/web'],
  'src/cli.ts': ['src/cli'],
  // opens and serves as src/node.ts does, and looks into files beside it
  'src/cli': [
    'src/core',
    'src/codecs',
    'parsers',
    'muxers',
    'src/pipeline',
    'src/sources',
    // serve tells who reaches it
    'src/serving',
    'src/config.ts',
    'src/node.ts',
    'src/node-media.ts',
    'src/open-source.ts',
    'src/project.ts',
    // doctor tries encoders
    'src/ffmpeg',
    // library writes addresses of the server, with its secret
    'src/films',
    'src/proxy',
    'src/shelved-root.ts',
    'src/state.ts',
  ],
  // what the server and the command line have in common
  'src/node-media.ts': [
    'src/core',
    'src/config.ts',
    'src/open-source.ts',
    'src/pipeline',
    'src/sources',
    'src/threads',
    'src/ffmpeg',
    'src/settings',
  ],
  'src/node.ts': [
    'src/core',
    'src/app.ts',
    'src/config.ts',
    'src/serving',
    'src/observing',
    'src/node-media.ts',
    'src/open-channels.ts',
    'src/open-films.ts',
    'src/open-proxy.ts',
    'src/open-source.ts',
    'src/own-place.ts',
    'src/project.ts',
    'src/state.ts',
    'src/http',
    'src/pipeline',
    'src/proxy',
    'src/sources',
    'src/threads',
    'src/ffmpeg',
    'src/uploads',
    'src/shared-cache',
    // the list of files that the page loads
    'src/web',
  ],
};

/** The only places that may import `node:` modules, and why. */
const MAY_USE_NODE: Readonly<Record<string, string>> = {
  'src/node.ts': 'opens and serves on Node',
  'src/sluice.ts': 'counts processors',
  'src/serving/certificate.ts': 'reads files',
  'src/serving/listening.ts': 'serves on Node',
  'src/serving/listener.ts': 'takes requests of Node; its import is a type',
  'src/serving/front.ts': 'reads installed packages',
  'src/observing/log.ts': 'loads its package late, and at once',
  'src/http/watch.ts': 'sees when the raw response is over; its import is a type',
  'src/node-media.ts': 'raises a limit of the process, reads the file of upstream routes',
  'src/cli/serve.ts': 'counts processors',
  'src/cli/play.ts': 'finds the file, counts processors',
  'src/cli/serving.ts': 'knows the addresses of this machine',
  'src/cli/served-folders.ts': 'finds folders',
  'src/cli/input.ts': 'finds files, counts processors',
  'src/cli/library.ts': 'knows paths, counts processors',
  'src/cli/library-files.ts': 'writes files',
  'src/cli/library-films.ts': 'reads files',
  'src/cli/output.ts': 'writes to streams; its import is a type',
  'src/cli/whole-file.ts': 'writes files',
  'src/cli/write-all.ts': 'writes to descriptors',
  'src/cli/hls.ts': 'makes folders',
  'src/cli/remux.ts': 'looks whether a file is there',
  'src/cli/program.ts': 'reads the version of the package',
  'src/cli/completion.ts': 'lists files to complete their names',
  'src/shelved-root.ts': 'reads files',
  'src/sources/folder-list.ts': 'lists served folders',
  'src/state.ts': 'keeps the secret in a folder',
  'src/channels/channel-file.ts': 'reads files',
  'src/guide/edition.ts': 'packs and unpacks',
  'src/guide/guide-bytes.ts': 'reads files',
  'src/guide/guide-text.ts': 'unpacks',
  'src/guide/programmes.ts': 'packs and unpacks',
  'src/http/node-body.ts': 'writes to the raw response; its import is a type',
  'src/sources/http-connection.ts': 'resolves names',
  'src/sources/upstream-pool.ts': 'connects; its import is a type',
  'src/sources/tunnel.ts': 'connects through proxies; its import is a type',
  'src/sources/proxy-handshake.ts': 'speaks with proxies',
  'src/sources/local-file.ts': 'reads files',
  'src/ffmpeg/find.ts': 'looks for a program',
  'src/ffmpeg/child.ts': 'runs FFmpeg',
  'src/ffmpeg/video/machine.ts': 'looks for devices of encoders',
  'src/ffmpeg/foreign/loopback.ts': 'serves a source to a child process',
  'src/ffmpeg/decode-sound.ts': 'runs FFmpeg',
  'src/threads/audio-pool.ts': 'starts threads',
  'src/threads/audio-worker.ts': 'runs in a thread',
  'src/threads/wasm-files.ts': 'reads modules out of installed packages',
  'src/cli.ts': 'sets a measure of V8',
  'src/project.ts': 'knows where it lies',
  'src/build-node.ts': 'writes files',
  'src/build-browser.ts': 'reads installed packages and writes files',
  'src/build-worker.ts': 'reads installed packages and writes files',
  'src/sources/roots.ts': 'resolves paths of served folders',
  'src/shared-cache/storage.ts': 'makes the folder',
  'src/uploads/answer-unread.ts': 'writes to the raw response; its import is a type',
  'src/uploads/body.ts': 'reads the raw request; its import is a type',
  'src/uploads/receive-file.ts': 'reads the raw request; its import is a type',
  'src/uploads/reception.ts': 'sets up a server for uploads; its import is a type',
  'src/uploads/store.ts': 'keeps files',
  'src/uploads/write-file.ts': 'writes files',
};

/** Rooms that must build for a browser or a worker: no npm package outside this list. */
const PORTABLE: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/codecs': [],
  // decoders in WebAssembly
  'src/audio': ['mpg123-decoder', 'opus-decoder', '@wasm-audio-decoders/ogg-vorbis'],
  // fflate: zlib without node:zlib
  parsers: ['fflate'],
  muxers: [],
  'src/pipeline': ['lru-cache'],
  'src/proxy': ['lru-cache'],
  'src/films': [],
  // the schema of the file of upstream routes; loaded where there is one
  'src/settings': ['zod'],
  'src/edge': ['lru-cache'],
  'src/worker.ts': ['lru-cache'],
};

/** Packages that one room of those for Node has to itself. */
const ALONE: Readonly<Record<string, string>> = {
  'cli-progress': 'src/cli',
  uqr: 'src/cli',
  open: 'src/cli',
  '@bomb.sh/tab': 'src/cli',
  '@fastify/busboy': 'src/uploads',
  pino: 'src/observing',
  'prom-client': 'src/observing',
  chardet: 'src/serving',
  unstorage: 'src/shared-cache',
  'unstorage/drivers/redis': 'src/shared-cache',
  'unstorage/drivers/fs-lite': 'src/shared-cache',
};

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const files = ['src', 'parsers', 'muxers'].flatMap(sourceFiles);

/** Static, dynamic and type imports alike. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].flatMap((match) => match[1] ?? []);
}

/** The table's row that a file belongs to: the longest that fits. */
const roomOf = (file: string): string | undefined =>
  Object.keys(MAY_IMPORT)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];

const edges = files.flatMap((file) =>
  importsOf(file)
    .filter((target) => target.startsWith('.'))
    .map((target) => ({ file, target: relative(root, resolve(root, dirname(file), target)) })),
);

describe('architecture', () => {
  it('has a row for every file', () => {
    expect(files.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  it('imports only along the arrows of the table', () => {
    const wrong = edges.filter(({ file, target }) => {
      const from = roomOf(file) ?? '';
      const to = roomOf(target) ?? target;
      return from !== to && !MAY_IMPORT[from]?.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it('has no circle of files', () => {
    const graph = new Map(
      files.map((file) => [file, edges.filter((e) => e.file === file).map((e) => e.target)]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file) || path.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('uses node: only where the table says', () => {
    const users = files.filter((file) => importsOf(file).some((target) => target.startsWith('node:')));
    expect(users.filter((file) => !(file in MAY_USE_NODE))).toEqual([]);
  });

  it('keeps the portable rooms free of packages that need Node', () => {
    const wrong = files.flatMap((file) => {
      const allowed = PORTABLE[roomOf(file) ?? ''];
      return importsOf(file)
        .filter((target) => allowed && !target.startsWith('.') && !allowed.includes(target))
        .map((target) => `${file}: ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('uses the packages of one room in that room only', () => {
    const users = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => target in ALONE && ALONE[target] !== roomOf(file))
        .map((target) => `${file}: ${target}`),
    );
    expect(users).toEqual([]);
  });

  it('asks for URLs by src/core/url.ts, not by what Node 20 gets wrong', () => {
    const users = files.filter((file) => /URL\.canParse\(/.test(readFileSync(join(root, file), 'utf8')));
    expect(users).toEqual([]);
  });

  it('has no names that say nothing and no file over 300 lines without a reason', () => {
    const empty = files.filter((file) => /\/(utils?|misc|helpers?|common|tools)(\.ts|\/)/.test(file));
    const long = files.filter((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return text.split('\n').length > 300 && !/^\/\*\*? .*long/i.test(text);
    });
    expect({ empty, long }).toEqual({ empty: [], long: [] });
  });
});
