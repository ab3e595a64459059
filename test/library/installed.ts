import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the package is made from, and some of what must not come into it. */
const COPIED = [
  ...['src', 'parsers', 'muxers', 'deploy', 'test/helpers', 'test/library', '.ci'],
  ...[
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'biome.json',
    'wrangler.toml',
    '.npmrc',
    '.gitignore',
  ],
  ...['README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE'],
  ...['fixtures/README.md', 'fixtures/demo.mkv', 'fixtures/hevc.mkv'],
];

export const STALE_BUNDLE = 'build/src/chunk-OLD.js';
/** What earlier builds left behind. */
const STALE = [STALE_BUNDLE, 'lib/src/gone.js', 'lib/.tsbuildinfo', 'dist/src/cli.js', 'private.key'];

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** What `npm pack` makes of a copy of this tree, by its own scripts and without a network. */
export function pack(folder: string): { readonly tarball: string; readonly files: readonly string[] } {
  const tree = join(folder, 'tree');
  for (const path of COPIED) cpSync(join(root, path), join(tree, path), { recursive: true });
  for (const path of STALE) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), 'stale');
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const told = run('npm', ['pack', '--json', '--offline', '--silent', '--pack-destination', folder], tree);
  const [packed] = JSON.parse(told) as { filename: string; files: { path: string }[] }[];
  if (!packed) throw new Error(`npm pack says ${told}`);
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Packages that the lock file wants where neither development nor optional ones are installed. */
function neededPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, devOptional, optional }]) => isTop(path) && !dev && !devOptional && !optional)
    .map(([path]) => path);
}

const isTop = (path: string): boolean => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path);

/** An empty project with the package as `npm install --omit=dev --omit=optional` leaves it. */
export function install(folder: string, tarball: string): string {
  const project = join(folder, 'project');
  const modules = join(project, 'node_modules');
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module' }));
  run('tar', ['-xzf', tarball, '-C', modules], folder);
  renameSync(join(modules, 'package'), join(modules, 'sluice'));
  for (const path of neededPackages()) link(project, path);
  return project;
}

/** Does nothing for what is there. */
export function link(project: string, path: string): void {
  if (existsSync(join(project, path))) return;
  if (!existsSync(join(root, path))) throw new Error(`${path} is not installed`);
  mkdirSync(dirname(join(project, path)), { recursive: true });
  symlinkSync(join(root, path), join(project, path));
}

/** Files below a folder, by their paths within it. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
