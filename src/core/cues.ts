/** What WebVTT shows of a text (W3C WebVTT: The Text Track Cue Format, 4). */
export interface CueBody {
  /** Cue settings as a cue's timing line has them: `line:0 align:start`; empty for none. */
  readonly settings: string;
  /** WebVTT cue text: escaped, with its tags, lines ended by one `\n`, none of them empty. */
  readonly text: string;
}

/** A text and when it is shown: milliseconds from the title's zero, `start < end`. */
export interface Cue extends CueBody {
  readonly start: number;
  readonly end: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The form in which samples of subtitle tracks hold what they show: of each cue its settings, then its text, cues with an
 * empty line between them. What shows nothing is no byte.
 */
export const packCues = (bodies: readonly CueBody[]): Uint8Array =>
  encoder.encode(bodies.map(({ settings, text }) => `${settings}\n${text}`).join('\n\n'));

/** What `packCues` wrote. */
export const unpackCues = (data: Uint8Array): CueBody[] =>
  decoder
    .decode(data)
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const at = block.indexOf('\n');
      return { settings: block.slice(0, at), text: block.slice(at + 1) };
    });
