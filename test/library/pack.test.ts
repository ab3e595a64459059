import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { fixturePath } from '../helpers/fixtures.ts';
import { example } from './examples.ts';
import { filesBelow, install, link, pack, root, STALE_BUNDLE } from './installed.ts';

const manifest: {
  readonly version: string;
  readonly bin: { readonly sluice: string };
  readonly types: string;
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const command = `node_modules/sluice/${manifest.bin.sluice}`;

const folder = mkdtempSync(join(tmpdir(), 'sluice-pack-'));
let files: readonly string[];
let project: string;

beforeAll(() => {
  const packed = pack(folder);
  files = packed.files;
  project = install(folder, packed.tarball);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Beside what is compiled. */
const OTHERS = ['CHANGELOG.md', 'LICENSE', 'NOTICE', 'README.md', 'fixtures/demo.mkv', 'package.json'];

/** The command, bundled: most of its files are named by what is in them. */
const BUNDLED = [
  /^build\/src\/[\w-]+\.js$/,
  /^build\/src\/threads\/audio-worker\.js$/,
  /^build\/src\/web\/[\w-]+\.js$/,
  // the page of the interface, of a package that is there for the build only
  /^build\/src\/web\/docs\/(swagger-ui(-bundle)?\.(css|js)|LICENSE|NOTICE)$/,
];

/** Compiled, but not for those who install the package. */
const LEFT_OUT: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/^src\/build-/, 'builds what lies in the repository'],
  [/^src\/(browser\/|service-worker\.)/, 'is a folder for a static host, made by npm run build:browser'],
  [/^src\/(edge\/|worker\.)/, 'is bundled and deployed from the repository'],
  [/^src\/cli(\.|\/)/, 'is in the bundle'],
  [/^src\/web\/.*d\.ts$/, 'is run by the page, not imported'],
];

/** As the sources say: every one as JavaScript with its types. */
const expected = (): string[] =>
  ['src', 'parsers', 'muxers']
    .flatMap((room) => filesBelow(join(root, room)).map((path) => `${room}/${path}`))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .flatMap((path) => [path.replace(/ts$/, 'js'), path.replace(/ts$/, 'd.ts')])
    .filter((path) => !LEFT_OUT.some(([pattern]) => pattern.test(path)))
    .map((path) => `lib/${path}`);

const script = (name: string): string => fileURLToPath(new URL(`consumer/${name}`, import.meta.url));

function node(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, ...env },
  });
  return { status, stdout, stderr };
}

describe('the package', () => {
  it('has what it should and nothing else', () => {
    const isBundled = (path: string) => BUNDLED.some((pattern) => pattern.test(path));
    expect(files.filter((path) => !isBundled(path)).sort()).toEqual([...OTHERS, ...expected()].sort());
    expect(files.filter(isBundled).length).toBeGreaterThan(10);
    expect(files).not.toContain(STALE_BUNDLE);
  });

  it('has a command and types where it says', () => {
    expect(files).toEqual(expect.arrayContaining([manifest.bin.sluice, manifest.types.replace('./', '')]));
    expect(readFileSync(join(project, command), 'utf8')).toMatch(/^#!\/usr\/bin\/env -S node /);
  });

  it('gives every door that it lists, with types', () => {
    copyFileSync(script('doors.mjs'), join(project, 'doors.mjs'));
    const { status, stdout, stderr } = node(['doors.mjs']);
    expect([status, stderr]).toEqual([0, '']);
    const doors = JSON.parse(stdout) as Record<string, string[]>;
    expect(doors).toMatchObject({
      '.': ['createApp'],
      './node': ['openSluice'],
      './server': ['openNode', 'serveOnNode'],
      './web': ['portableDeps'],
      './config': ['readConfig'],
      './parsers/detect': ['openContainer'],
      './parsers/mp4': ['openMp4'],
      './muxers/fmp4': ['createFragmentMuxer'],
    });
    expect(Object.keys(doors).length).toBeGreaterThan(60);
  });

  // npm run pack-check tries other compilers and ways to resolve, too.
  it('is typed for a strict project', () => {
    for (const path of ['node_modules/@types/node', 'node_modules/undici-types']) link(project, path);
    copyFileSync(script('types.txt'), join(project, 'check.ts'));
    const flags = [
      '--strict',
      '--noEmit',
      '--skipLibCheck',
      'false',
      '--types',
      'node',
      '--target',
      'es2023',
    ];
    const rules = ['--module', 'NodeNext', '--moduleResolution', 'NodeNext', '--exactOptionalPropertyTypes'];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = node([tsc, 'check.ts', ...flags, ...rules]);
    expect([status, stdout]).toEqual([0, '']);
  });

  it('has a command that tells its version and what it can do', () => {
    expect(node([command, '--version']).stdout).toBe(`${manifest.version}\n`);
    expect(node([command, '--help']).stdout).toContain('sluice serve');
  });

  it('wants the packages of a shared cache only where there is to be one', () => {
    expect(existsSync(join(project, 'node_modules/unstorage'))).toBe(false);
    const { status, stdout, stderr } = node([command, 'serve', '--port', '0', '--host', '127.0.0.1'], {
      SLUICE_SHARED_CACHE: join(folder, 'shared'),
    });
    expect([status === 0, stdout]).toEqual([false, '']);
    expect(stderr).toContain('npm install unstorage ioredis');
  });
});

describe('the examples of the README', () => {
  it('open a film and tell its tracks', () => {
    copyFileSync(fixturePath('two-languages'), join(project, 'film.mkv'));
    writeFileSync(join(project, 'parse.js'), example('parse'));
    const { status, stdout, stderr } = node(['parse.js']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trimEnd().split('\n')).toEqual([
      '1 video V_MPEG4/ISO/AVC und',
      '2 audio A_AAC en',
      '3 audio A_AAC de',
    ]);
  });

  const title = hasChromium() ? 'serve films in another app' : `serve films in another app (${SKIPPED})`;
  it.skipIf(!hasChromium())(title, () => whileMounted(playInBrowser), 60_000);
});

/** Runs the other example on a free port, with the fixtures as its films. */
async function whileMounted(use: (url: string) => Promise<void>): Promise<void> {
  const exchanged = { '/srv/films': join(root, 'fixtures'), '3000': '0' };
  writeFileSync(join(project, 'mount.js'), example('mount', exchanged));
  const child = spawn(process.execPath, ['mount.js'], {
    cwd: project,
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
      child.once('exit', (code) => reject(new Error(`The example ended with ${code}`)));
    });
    await use(url);
  } finally {
    child.kill('SIGKILL');
  }
}

async function playInBrowser(media: string): Promise<void> {
  const browser: Browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const failed: string[] = [];
    page.on('response', (response) => {
      if (response.status() >= 400) failed.push(response.url());
    });
    await page.goto(new URL('/', media).href);
    await page.getByRole('link', { name: 'All films' }).click();
    await page.getByRole('link', { name: 'films/' }).click();
    await page.getByRole('link', { name: 'bframes-aac.mkv' }).click();
    await page.waitForFunction(() => window.sluicePlayer?.video.currentTime > 0.2);
    expect(page.url()).toBe(`${media}?d=root%3Afilms%2Fbframes-aac.mkv`);
    expect(await page.locator('#address').inputValue()).toContain('/media/hls/master.m3u8?d=');
    await expect.poll(() => page.locator('#tracks tr').count()).toBe(2);
    expect(failed).toEqual([]);
  } finally {
    await browser.close();
  }
}
