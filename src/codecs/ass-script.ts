/** An event as Matroska keeps it: its times stand beside it. */
export interface AssEvent {
  /** Milliseconds. */
  readonly start: number;
  readonly end: number;
  /** ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text. */
  readonly data: Uint8Array;
}

const FORMAT = 'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text';

/**
 * A script as it was before its events became blocks (Matroska codec specification, S_TEXT/ASS), in order of time.
 * @param header the script up to its events: CodecPrivate
 */
export function assScript(header: Uint8Array, events: readonly AssEvent[]): string {
  const lines = events
    .map((event) => ({ event, fields: textOf(event.data).split(',') }))
    .sort((a, b) => a.event.start - b.event.start || Number(a.fields[0]) - Number(b.fields[0]))
    .map(({ event, fields: [, layer = '0', ...rest] }) =>
      ['Dialogue: '.concat(layer), timestamp(event.start), timestamp(event.end), ...rest].join(','),
    );
  return `${[headOf(textOf(header).trimEnd()), ...lines].join('\n')}\n`;
}

/** Up to the first zero; an event is one line. */
const textOf = (data: Uint8Array): string => {
  const end = data.indexOf(0);
  return new TextDecoder()
    .decode(end < 0 ? data : data.subarray(0, end))
    .replaceAll('\r\n', '\n')
    .trimEnd();
};

function headOf(text: string): string {
  const at = text.lastIndexOf('[Events]');
  if (at < 0) return `${text}\n\n[Events]\n${FORMAT}`;
  return /^Format:/m.test(text.slice(at)) ? text : `${text}\n${FORMAT}`;
}

/** Milliseconds as `H:MM:SS.cc`. */
function timestamp(milliseconds: number): string {
  const hundredths = Math.max(0, Math.round(milliseconds / 10));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const [hours, minutes, seconds] = [hundredths / 360_000, (hundredths / 6000) % 60, (hundredths / 100) % 60];
  return `${Math.floor(hours)}:${two(minutes)}:${two(seconds)}.${two(hundredths % 100)}`;
}
