import { cp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** This file runs from dist/src. */
const compiled = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(dirname(compiled), 'build');

const require = createRequire(import.meta.url);
/** What the page at /docs loads: a part of a package that is large, and that nothing else wants. */
const DOCS = ['swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE', 'NOTICE'];

/**
 * The command line in a few files instead of hundreds, which take a process longer to find and read than to run. They
 * lie as deep as those that they were made of, since some look for others from where they are.
 */
async function main(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await build({
    entryPoints: ['src/cli.js', 'src/threads/audio-worker.js'].map((path) => join(compiled, path)),
    outbase: compiled,
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: 'src/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Names are kept, for those who read a stack.
    minifySyntax: true,
    minifyWhitespace: true,
    packages: 'external',
    logLevel: 'warning',
  });
  await cp(join(compiled, 'src/web'), join(folder, 'src/web'), { recursive: true });
  for (const name of DOCS)
    await cp(require.resolve(`swagger-ui-dist/${name}`), join(folder, 'src/web/docs', name));
}

await main();
