/** One line of a Dockerfile: those that end with a backslash are joined to the next. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  /** Image, or stage before it. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** As much of the language as these files use. @throws Error for what it does not know */
export function parseDockerfile(text: string): Stage[] {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [, from = '', stage = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      if (!stage) throw new Error(`A stage without a name: ${line}`);
      stages.push({ name: stage, from, instructions: [] });
    } else {
      if (!KNOWN.has(name)) throw new Error(`Not known: ${line}`);
      stages.at(-1)?.instructions.push({ name, text: rest });
    }
  }
  return stages;
}

const KNOWN = new Set(['WORKDIR', 'COPY', 'RUN', 'ENV', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'CMD', 'USER']);

export interface Copy {
  /** Stage; null for the folder that is built from. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

export function parseCopy(text: string): Copy {
  const [, from, rest = ''] = /^(?:--from=(\S+) )?(.+)$/.exec(text) ?? [];
  const words = rest.split(' ');
  return { from: from ?? null, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
}

/** Whether a path is part of what is built from: the last pattern that covers it decides. */
export function isSent(path: string, ignore: string): boolean {
  let sent = true;
  for (const pattern of ignore.split('\n').filter((line) => line !== '')) {
    const isException = pattern.startsWith('!');
    const name = isException ? pattern.slice(1) : pattern;
    if (name === '*' || path === name || path.startsWith(`${name}/`)) sent = isException;
  }
  return sent;
}

/** The words of `["a", "b"]`, which no shell sees. */
export function execForm(text: string): string[] {
  const words: unknown = JSON.parse(text.slice(text.indexOf('[')));
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new Error(`Not in exec form: ${text}`);
}
