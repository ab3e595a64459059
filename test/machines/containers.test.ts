import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execForm, isSent, parseCopy, parseDockerfile, type Stage } from './dockerfile.ts';
import { testDocumented } from './nginx.ts';
import { freePort, needs } from './services.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
const ignore = textOf('deploy/Dockerfile.dockerignore');
const stages = parseDockerfile(textOf('deploy/Dockerfile'));

function stage(name: string): Stage {
  const found = stages.find((one) => one.name === name);
  if (!found) throw new Error(`No stage ${name}`);
  return found;
}

/** All that leads to a stage, in order. */
function lineage(name: string): Stage[] {
  const one = stages.find((candidate) => candidate.name === name);
  return one ? [...lineage(one.from), one] : [];
}

const textsOf = (name: string, instruction: string): string[] =>
  lineage(name).flatMap(({ instructions }) =>
    instructions.filter((one) => one.name === instruction).map(({ text }) => text),
  );

/** Where each package that is needed to run lies below node_modules. */
function runtimePackages(): string[] {
  const { packages } = JSON.parse(textOf('package-lock.json')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(
      ([path, { dev, devOptional }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !devOptional,
    )
    .map(([path]) => path)
    .filter((path) => existsSync(join(root, path)));
}

/** What stands for each RUN here: nothing is installed, and nothing belongs to another user. */
const STEPS: Readonly<Record<string, (folder: string) => void>> = {
  'npm ci --ignore-scripts': (folder) =>
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules')),
  'npm run build'(folder) {
    const { status, stdout, stderr } = spawnSync('npm', ['run', 'build'], { cwd: folder });
    if (status !== 0) throw new Error(`${stdout}${stderr}`);
  },
  'npm prune --omit=dev --ignore-scripts'(folder) {
    rmSync(join(folder, 'node_modules'));
    for (const path of runtimePackages()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      symlinkSync(join(root, path), join(folder, path));
    }
  },
  'mkdir -p /var/lib/sluice && chown node:node /var/lib/sluice': () => undefined,
};

describe('the image', () => {
  let folder: string;
  let child: ChildProcess | null = null;
  let url: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-image-'));
    for (const name of ['build', 'base']) build(stage(name));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const set = Object.fromEntries(
      textsOf('base', 'ENV').flatMap((text) => text.split(' ').map((pair) => pair.split('='))),
    );
    // Packages are links here: what they import must be found among those that the image has.
    env = { ...set, PATH: process.env.PATH, NODE_OPTIONS: '--preserve-symlinks', PORT: String(port) };
    env.SLUICE_STATE = join(folder, 'state');
    env.SLUICE_OPEN = '1';
    child = await start();
  }, 60_000);
  afterAll(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Performs a stage in a folder of its name. */
  function build({ name, instructions }: Stage): void {
    const into = join(folder, name);
    mkdirSync(into);
    for (const { name: instruction, text } of instructions) {
      if (instruction === 'COPY') copy(text, into);
      if (instruction !== 'RUN') continue;
      const step = STEPS[text];
      if (!step) throw new Error(`Nothing stands for RUN ${text}`);
      step(into);
    }
  }

  function copy(text: string, into: string): void {
    const { from, sources, target } = parseCopy(text);
    for (const source of sources) {
      if (from === null && !isSent(source, ignore)) throw new Error(`${source} is left out of the context`);
      const isInFolder = target.endsWith('/');
      const path = join(into, target, isInFolder ? (source.split('/').at(-1) ?? '') : '');
      mkdirSync(dirname(path), { recursive: true });
      const origin = from === null ? join(root, source) : join(folder, from, source.replace(/^\/app\//, ''));
      cpSync(origin, path, { recursive: true, verbatimSymlinks: true });
    }
  }

  async function start(): Promise<ChildProcess> {
    const [program = '', ...args] = execForm(textsOf('plain', 'CMD').at(-1) ?? '');
    expect(program).toBe('node');
    const started = spawn(process.execPath, args, {
      cwd: join(folder, 'base'),
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await Promise.race([
      once(started.stdout, 'data'),
      once(started, 'exit').then(([code]) => Promise.reject(new Error(`It ended with ${code}`))),
    ]);
    return started;
  }

  const isHealthy = () => {
    const [, ...args] = execForm(textsOf('plain', 'HEALTHCHECK').at(-1) ?? '');
    return spawnSync(process.execPath, args, { env }).status === 0;
  };

  it('serves the page, plays its demo and is healthy for as long as it runs', async () => {
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(`${url}/web/hls.js`)).status).toBe(200);
    const master = await fetch(`${url}/hls/master.m3u8?d=root:demo/demo.mkv`);
    expect(master.status).toBe(200);
    const list = new URL(/^(?!#).+$/m.exec(await master.text())?.[0] ?? '', master.url);
    const media = await (await fetch(list)).text();
    const segment = new URL(/^(?!#).+$/m.exec(media)?.[0] ?? '', list);
    expect((await (await fetch(segment)).arrayBuffer()).byteLength).toBeGreaterThan(1000);
    expect(isHealthy()).toBe(true);
    child?.kill('SIGTERM');
    expect(await once(child as ChildProcess, 'exit')).toEqual([0, null]);
    expect(isHealthy()).toBe(false);
  });

  it('does not start for everybody unless it is told to', () => {
    const [, ...args] = execForm(textsOf('plain', 'CMD').at(-1) ?? '');
    const { SLUICE_OPEN: _, ...guarded } = env;
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: join(folder, 'base'),
      env: guarded,
      timeout: 20_000,
    });
    expect([status, stderr.toString()]).toEqual([2, expect.stringMatching(/API_PASSWORD.*SLUICE_OPEN=1/)]);
  });

  it('has its shared cache and nothing that only development needs', () => {
    const packages = readdirSync(join(folder, 'base', 'node_modules'));
    expect(packages).toEqual(expect.arrayContaining(['hono', 'undici', 'unstorage', 'ioredis']));
    expect(packages).not.toContain('vitest');
    expect(packages).not.toContain('typescript');
    expect(readdirSync(join(folder, 'base')).sort()).toEqual([
      'LICENSE',
      'NOTICE',
      'build',
      'fixtures',
      'node_modules',
      'package.json',
    ]);
  });

  it.each(['plain', 'ffmpeg'])('%s runs as a user without rights', (name) => {
    expect(textsOf(name, 'USER').at(-1)).toBe('node');
    expect(textsOf(name, 'VOLUME')).toEqual(['/var/lib/sluice']);
    expect(textsOf(name, 'ENV').join(' ')).toContain('SLUICE_STATE=/var/lib/sluice');
  });

  it('is the plain one by default; the other one has FFmpeg', () => {
    expect(stages.at(-1)?.name).toBe('plain');
    expect(textsOf('ffmpeg', 'RUN').join()).toMatch(/apt-get install .* ffmpeg /);
  });

  it('is started as npm start starts it', () => {
    const { scripts } = JSON.parse(textOf('package.json'));
    expect(scripts.start.endsWith(execForm(textsOf('plain', 'CMD').at(-1) ?? '').join(' '))).toBe(true);
  });
});

describe('the network of containers', () => {
  const compose = textOf('deploy/compose.yaml');

  it('nginx takes the documented file', (context) => {
    needs('nginx', context);
    const { status, said } = testDocumented();
    expect([status, said]).toEqual([0, expect.stringContaining('test is successful')]);
  });

  it('has the machines that nginx asks, at the port they listen on', () => {
    const asked = [...textOf('deploy/nginx.conf').matchAll(/^ *server ([\w-]+):(\d+)/gm)];
    expect(asked.map(([, name]) => name)).toEqual(['sluice-1', 'sluice-2']);
    for (const [, name, port] of asked) {
      expect(compose).toMatch(new RegExp(`^ {2}${name}:`, 'm'));
      expect(textsOf('plain', 'ENV').join(' ')).toContain(`PORT=${port}`);
    }
  });

  it('names files, stages and settings that there are', () => {
    for (const [, path = ''] of compose.matchAll(/^ *(?:dockerfile: |- \.\/)(?:deploy\/)?([\w.]+)/gm))
      expect(existsSync(join(root, 'deploy', path)), path).toBe(true);
    expect(stage(/target: \$\{SLUICE_TARGET:-(\w+)\}/.exec(compose)?.[1] ?? '').from).toBe('base');
    const settings = [...compose.matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name]) => name);
    expect(settings).toContain('SLUICE_SECRET');
    for (const name of settings) expect(textOf('src/config.ts')).toContain(`env.${name}`);
  });
});
