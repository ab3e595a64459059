import type { SingleBar } from 'cli-progress';
import { note } from './output.ts';
import { clock, size } from './text.ts';

/** How far a piece of work has come. */
export interface Progress {
  /** @param done in the unit of the total */
  update(done: number, bytes: number): void;
  /** Leaves the terminal as it was. May be called again. */
  end(): void;
}

/** Milliseconds between plain lines. */
const PERIOD = 5000;

export interface ProgressOptions {
  /** Seconds of media. */
  readonly total: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A bar with speed and time left on a terminal, a line every few seconds elsewhere: on standard error. */
export async function openProgress(options: ProgressOptions): Promise<Progress> {
  return process.stderr.isTTY ? openBar(options) : plainLines(options);
}

/** Times real time; and seconds that are left at that speed. */
function pace(done: number, { total, now }: ProgressOptions, began: number) {
  const seconds = Math.max(0.001, (now() - began) / 1000);
  const speed = done / seconds;
  return { speed, left: speed > 0 ? Math.max(0, total - done) / speed : 0, seconds };
}

function plainLines(options: ProgressOptions): Progress {
  const began = options.now();
  let told = began;
  return {
    update(done, bytes) {
      if (options.now() - told < PERIOD) return;
      told = options.now();
      const { speed, left } = pace(done, options, began);
      const share = Math.floor((100 * done) / Math.max(options.total, 0.001));
      note(
        `${share} %  ${clock(done)} of ${clock(options.total)}  ${size(bytes)}  ${speed.toFixed(1)}x  ${clock(left)} left`,
      );
    },
    end: () => undefined,
  };
}

const FORMAT = '{bar} {percentage} %  {at} of {whole}  {written}  {rate}/s  {speed}x  {left} left';

async function openBar(options: ProgressOptions): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const bar: SingleBar = new cliProgress.SingleBar(
    { format: FORMAT, stream: process.stderr, hideCursor: true, clearOnComplete: true, fps: 10 },
    cliProgress.Presets.shades_classic,
  );
  const began = options.now();
  const fields = (done: number, bytes: number) => {
    const { speed, left, seconds } = pace(done, options, began);
    return {
      at: clock(done),
      whole: clock(options.total),
      written: size(bytes),
      rate: size(bytes / seconds),
      speed: speed.toFixed(1),
      left: done > 0 ? clock(left) : '?',
    };
  };
  bar.start(Math.max(options.total, 0.001), 0, fields(0, 0));
  return {
    update: (done, bytes) => bar.update(Math.min(done, options.total), fields(done, bytes)),
    end: () => bar.stop(),
  };
}
