import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';

/** Side of the square that shows one bit of a picture's number, and how many there are. */
const SQUARE = 32;
const BITS = 10;
const WIDTH = SQUARE * BITS;
const HEIGHT = 184;

export interface NumberedFilm {
  readonly seconds: number;
  /** Pictures a second. */
  readonly rate: number;
  /** Of the picture and the container, for ffmpeg. */
  readonly codec: readonly string[];
}

/** A film with a tone, whose pictures have their numbers burnt in as black and white squares along the upper edge. */
export function makeNumberedFilm(path: string, { seconds, rate, codec }: NumberedFilm): void {
  const edge = `drawbox=y=0:w=iw:h=${SQUARE}:color=black:t=fill`;
  const squares = Array.from({ length: BITS }, (_, bit) => {
    const isSet = `mod(floor(n/${2 ** bit})\\,2)`;
    return `drawbox=x=${bit * SQUARE}:y=0:w=${SQUARE}:h=${SQUARE}:color=white:t=fill:enable='${isSet}'`;
  });
  const video = `testsrc2=size=${WIDTH}x${HEIGHT}:rate=${rate}:duration=${seconds}`;
  const filters = ['-vf', [edge, ...squares, 'format=yuv420p'].join(',')];
  const inputs = ['-f', 'lavfi', '-i', video, '-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...filters, '-c:a', 'aac', ...codec, path]);
}

/** Has `window.pictureNumber()` read the number of the picture that the player shows, whatever its size. */
export async function teachNumbers(page: Page): Promise<void> {
  await page.addInitScript(
    ({ square, bits }) => {
      const width = square * bits;
      const context = new OffscreenCanvas(width, square).getContext('2d', { willReadFrequently: true });
      window.pictureNumber = () => {
        const { video } = window.sluicePlayer;
        const edge = (square * video.videoWidth) / width;
        context?.drawImage(video, 0, 0, video.videoWidth, edge, 0, 0, width, square);
        const row = context?.getImageData(0, square / 2, width, 1).data ?? [];
        const isWhite = (bit: number) => (row[4 * (bit + 0.5) * square] ?? 0) > 127;
        return Array.from({ length: bits }, (_, bit) => (isWhite(bit) ? 2 ** bit : 0)).reduce(
          (a, b) => a + b,
        );
      };
    },
    { square: SQUARE, bits: BITS },
  );
}

declare global {
  interface Window {
    pictureNumber: () => number;
  }
}
