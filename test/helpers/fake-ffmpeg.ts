import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../src/ffmpeg/find.ts';

/** What becomes of pictures that an encoder is given; `after`: so many of them come out before it happens. */
export type Fault =
  | { readonly how: 'works' | 'fails' | 'hangs' | 'garbage' | 'keyless' | 'negative' | 'mistagged' }
  | { readonly how: 'dies' | 'stalls' | 'loses'; readonly after: number };

export interface Behaviour {
  /** By name: encoders that are listed, and what they do. Where they work software does it for them. */
  readonly encoders?: Readonly<Record<string, Fault>>;
  /** Names of encoders and filters that are not listed. */
  readonly lacks?: readonly string[];
  /** That it says it has. */
  readonly version?: string;
  /** It answers nothing that FFmpeg would. */
  readonly isMute?: boolean;
}

/** A run of it in which something was faked: the encoder that was faked, if any. */
export interface FakeRun {
  readonly pid: number;
  readonly encoder: string | null;
  readonly args: readonly string[];
}

export interface FakeFfmpeg {
  /** Path of the executable; its folder may stand first on PATH. */
  readonly program: string;
  readonly folder: string;
  /** From the next run on. */
  behave(behaviour: Behaviour): void;
  runs(): readonly FakeRun[];
  remove(): void;
}

/** Of arguments that something is faked for. */
function patternsOf({ encoders = {}, lacks = [], version, isMute }: Behaviour): string[] {
  const names = Object.keys(encoders);
  const isListChanged = names.length + lacks.length > 0;
  return [
    ...(version || isMute ? ['-version'] : []),
    ...(isListChanged ? ['-encoders', '-filters'] : []),
    ...names.map((name) => `-c:v ${name}`),
  ];
}

const script = fileURLToPath(new URL('fake-ffmpeg.mjs', import.meta.url));

/** An `ffmpeg` that has encoders which this machine has not, and fails in them as it is told; it does the rest by the real one. */
export async function fakeFfmpeg(behaviour: Behaviour): Promise<FakeFfmpeg> {
  const real = await findProgram('ffmpeg', { path: process.env.PATH ?? '', ending: '' });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ffmpeg-'));
  const [program, place, log] = ['ffmpeg', 'behaviour.json', 'runs.log'].map((name) => join(folder, name));
  if (!program || !place || !log) throw new Error('No folder');
  const behave = (next: Behaviour) => {
    writeFileSync(place, JSON.stringify({ real, log, ...next }));
    const faked = `exec '${process.execPath}' '${script}' '${place}' "$@"`;
    // What is not faked need not pass through JavaScript.
    const cases = patternsOf(next).map((pattern) => `  *" ${pattern} "*) ${faked} ;;\n`);
    writeFileSync(program, `#!/bin/sh\ncase " $* " in\n${cases.join('')}esac\nexec '${real}' "$@"\n`);
    chmodSync(program, 0o755);
  };
  writeFileSync(log, '');
  behave(behaviour);
  return {
    program,
    folder,
    behave,
    runs: () => {
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as FakeRun);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
