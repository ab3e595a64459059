/** An event as Matroska keeps it: its times stand beside it. */
export interface AssEvent {
  /** Milliseconds. */
  readonly start: number;
  readonly end: number;
  /** ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text. */
  readonly data: Uint8Array;
}

const FORMAT = 'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text';

/** Fields of an event before its text, in which commas are its own. */
const FIELDS = 8;

/**
 * A script as it was before its events became blocks (Matroska codec specification, S_TEXT/ASS), in order of time.
 * Events that lack fields are left out.
 * @param header the script up to its events: CodecPrivate
 */
export function assScript(header: Uint8Array, events: readonly AssEvent[]): string {
  const { head, behind } = partsOf(textOf(header));
  const lines = events
    .map((event) => ({ event, fields: lineOf(event.data).split(',') }))
    .filter(({ fields }) => fields.length > FIELDS)
    .sort((a, b) => a.event.start - b.event.start || Number(a.fields[0]) - Number(b.fields[0]))
    .map(({ event, fields: [, layer = '0', ...rest] }) =>
      ['Dialogue: '.concat(layer), timestamp(event.start), timestamp(event.end), ...rest].join(','),
    );
  return `${[head, ...lines, ...behind].join('\n')}\n`;
}

/** Up to the first zero. */
const textOf = (data: Uint8Array): string => {
  const end = data.indexOf(0);
  return new TextDecoder()
    .decode(end < 0 ? data : data.subarray(0, end))
    .replaceAll('\r\n', '\n')
    .trimEnd();
};

/** An event is one line: what follows an end of line in it would be read as the script's own. */
const lineOf = (data: Uint8Array): string => textOf(data).replaceAll(/[\r\n]+/g, '\\N');

/** What stands before the events, and the sections behind them: editors put their own data there. */
function partsOf(text: string): { readonly head: string; readonly behind: readonly string[] } {
  const at = text.search(/^\[Events\]/im);
  if (at < 0) return { head: `${text}\n\n[Events]\n${FORMAT}`, behind: [] };
  const next = text.slice(at + 1).search(/^\[/m);
  const end = next < 0 ? text.length : at + 1 + next;
  const events = text.slice(at, end).trimEnd();
  const format = /^Format:/im.test(events) ? '' : `\n${FORMAT}`;
  const behind = text.slice(end);
  return { head: text.slice(0, at) + events + format, behind: behind ? ['', behind] : [] };
}

/** Milliseconds as `H:MM:SS.cc`. */
function timestamp(milliseconds: number): string {
  const hundredths = Math.max(0, Math.round(milliseconds / 10));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const [hours, minutes, seconds] = [hundredths / 360_000, (hundredths / 6000) % 60, (hundredths / 100) % 60];
  return `${Math.floor(hours)}:${two(minutes)}:${two(seconds)}.${two(hundredths % 100)}`;
}
