import type { Cue } from '../src/core/cues.ts';

/** A WebVTT file: W3C WebVTT, 4.1. */
export const webvttFile = (cues: readonly Cue[]): string => write('WEBVTT', cues);

/**
 * A segment of a rendition in HLS whose media begin at zero: RFC 8216, 3.5.
 * @param cues those that are shown in it, with the times that they have in the title
 */
export const webvttSegment = (cues: readonly Cue[]): string =>
  write('WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000', cues);

/** What is the same in everything is written once: scripts lay copies of a text over each other. */
function write(head: string, cues: readonly Cue[]): string {
  const blocks = new Set(cues.map(writeCue));
  return `${[head, ...blocks].join('\n\n')}\n`;
}

function writeCue({ start, end, settings, text }: Cue): string {
  const timing = `${timestamp(start)} --> ${timestamp(end)}`;
  return `${settings === '' ? timing : `${timing} ${settings}`}\n${text}`;
}

/** Milliseconds as `HH:MM:SS.mmm`; hours may have more digits. */
export function timestamp(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds));
  const [hours, minutes, seconds] = [whole / 3_600_000, (whole / 60_000) % 60, (whole / 1000) % 60];
  const pair = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${pair(hours)}:${pair(minutes)}:${pair(seconds)}.${String(whole % 1000).padStart(3, '0')}`;
}
