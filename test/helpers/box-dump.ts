/** A readable text of MP4 boxes, one field a line: what golden files hold. Knows the boxes that muxers write. */
export const dumpBoxes = (bytes: Uint8Array): string => `${lines(bytes).join('\n')}\n`;

interface Fields {
  u8(): number;
  u16(): number;
  u24(): number;
  u32(): number;
  i32(): number;
  u64(): number;
  fixed(): number;
  fourcc(): string;
  text(): string;
  skip(size: number): void;
  hex(size?: number): string;
  boxes(): string[];
  readonly left: number;
}

type Row = readonly [name: string, value: string | number];
type Content = (fields: Fields) => Iterable<Row | string>;

function lines(bytes: Uint8Array): string[] {
  const out: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) return [...out, `!! ${bytes.length - at} bytes behind the last box`];
    const size = view.getUint32(at);
    const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1');
    const end = Math.min(bytes.length, at + size);
    const fault = size < 8 || at + size > bytes.length ? ' !! reaches past its parent' : '';
    const body = size < 8 ? new Uint8Array() : bytes.subarray(at + 8, end);
    out.push(`${type} ${size}${fault}`, ...content(type, body).map((line) => `  ${line}`));
    at = size < 8 ? bytes.length : end;
  }
  return out;
}

function content(type: string, body: Uint8Array): string[] {
  if (type === 'mdat') return [];
  const fields = fieldsOf(body);
  const out: string[] = [];
  for (const row of (CONTENT[type] ?? unknown)(fields))
    out.push(typeof row === 'string' ? row : `${row[0]}: ${row[1]}`);
  if (fields.left > 0) out.push(`!! ${fields.left} bytes more: ${fields.hex()}`);
  return out;
}

function fieldsOf(body: Uint8Array): Fields {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const take = (size: number) => {
    at += size;
    return at - size;
  };
  return {
    u8: () => buffer.readUInt8(take(1)),
    u16: () => buffer.readUInt16BE(take(2)),
    u24: () => buffer.readUIntBE(take(3), 3),
    u32: () => buffer.readUInt32BE(take(4)),
    i32: () => buffer.readInt32BE(take(4)),
    u64: () => Number(buffer.readBigUInt64BE(take(8))),
    fixed: () => buffer.readInt32BE(take(4)) / 0x10000,
    fourcc: () => buffer.toString('latin1', take(4), at),
    text() {
      const end = buffer.indexOf(0, at);
      const text = buffer.toString('utf8', at, end < 0 ? buffer.length : end);
      at = end < 0 ? buffer.length : end + 1;
      return text;
    },
    skip(size) {
      const skipped = buffer.subarray(at, at + size);
      if (skipped.some((byte) => byte !== 0)) throw new Error(`reserved bytes ${skipped.toString('hex')}`);
      at += size;
    },
    hex: (size = buffer.length - at) => buffer.toString('hex', take(size), at),
    boxes() {
      const from = take(buffer.length - at);
      return lines(body.subarray(from));
    },
    get left() {
      return buffer.length - at;
    },
  };
}

const hexadecimal = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;

const unknown: Content = function* (fields) {
  yield ['bytes', fields.hex()];
};

const container: Content = (fields) => fields.boxes();

const brands: Content = function* (fields) {
  yield ['major', fields.fourcc()];
  yield ['minor', fields.u32()];
  const list: string[] = [];
  while (fields.left > 0) list.push(fields.fourcc());
  yield ['brands', list.join(' ')];
};

/** Version and flags, then the fields. */
const full = (rest: (fields: Fields, flags: number) => Iterable<Row | string>): Content =>
  function* (fields) {
    const version = fields.u8();
    const flags = fields.u24();
    yield ['version, flags', `${version} ${hexadecimal(flags, 6)}`];
    yield* rest(fields, flags);
  };

const emptyTable = full(function* (fields) {
  while (fields.left > 0) yield ['count', fields.u32()];
});

function matrix(fields: Fields): Row {
  const values = Array.from({ length: 9 }, (_, i) => fields.i32() / (i % 3 === 2 ? 0x40000000 : 0x10000));
  return ['matrix', values.join(' ')];
}

const language = (packed: number): string =>
  [10, 5, 0].map((shift) => String.fromCharCode(((packed >> shift) & 31) + 0x60)).join('');

const visualEntry: Content = function* (fields) {
  fields.skip(6);
  yield ['data reference', fields.u16()];
  fields.skip(16);
  yield ['size', `${fields.u16()}x${fields.u16()}`];
  yield ['resolution', `${fields.fixed()} ${fields.fixed()}`];
  fields.skip(4);
  yield ['frame count', fields.u16()];
  fields.skip(32);
  yield ['depth', fields.u16()];
  yield ['colour table', hexadecimal(fields.u16(), 4)];
  yield* fields.boxes();
};

const audioEntry: Content = function* (fields) {
  fields.skip(6);
  yield ['data reference', fields.u16()];
  fields.skip(8);
  yield ['channels', fields.u16()];
  yield ['sample bits', fields.u16()];
  fields.skip(4);
  yield ['sample rate', fields.u32() / 0x10000];
  yield* fields.boxes();
};

function* descriptors(fields: Fields): Iterable<Row> {
  while (fields.left > 0) {
    const tag = fields.u8();
    let size = 0;
    for (let byte = 128; byte & 128; ) {
      byte = fields.u8();
      size = size * 128 + (byte & 127);
    }
    if (tag === 3) yield ['ES descriptor', `${size} bytes, id ${fields.u16()}, flags ${fields.u8()}`];
    else if (tag === 4) {
      yield [
        'decoder',
        `${size} bytes, object type ${hexadecimal(fields.u8(), 2)}, stream ${hexadecimal(fields.u8(), 2)}`,
      ];
      yield ['buffer, peak, average', `${fields.u24()} ${fields.u32()} ${fields.u32()}`];
    } else yield [`descriptor ${tag}`, fields.hex(size)];
  }
}

const SAMPLE_FIELDS = [
  [0x100, 'duration', (fields: Fields) => fields.u32()],
  [0x200, 'size', (fields: Fields) => fields.u32()],
  [0x400, 'flags', (fields: Fields) => hexadecimal(fields.u32(), 8)],
  [0x800, 'offset', (fields: Fields) => fields.i32()],
] as const;

const CONTENT: Readonly<Record<string, Content>> = {
  ftyp: brands,
  styp: brands,
  moov: container,
  trak: container,
  mdia: container,
  minf: container,
  dinf: container,
  stbl: container,
  mvex: container,
  moof: container,
  traf: container,
  mvhd: full(function* (fields) {
    yield ['created, modified', `${fields.u32()} ${fields.u32()}`];
    yield ['timescale', fields.u32()];
    yield ['duration', fields.u32()];
    yield ['rate, volume', `${fields.fixed()} ${fields.u16() / 256}`];
    fields.skip(10);
    yield matrix(fields);
    fields.skip(24);
    yield ['next track', fields.u32()];
  }),
  tkhd: full(function* (fields) {
    yield ['created, modified', `${fields.u32()} ${fields.u32()}`];
    yield ['track', fields.u32()];
    fields.skip(4);
    yield ['duration', fields.u32()];
    fields.skip(8);
    yield ['layer, group, volume', `${fields.u16()} ${fields.u16()} ${fields.u16() / 256}`];
    fields.skip(2);
    yield matrix(fields);
    yield ['size', `${fields.fixed()}x${fields.fixed()}`];
  }),
  mdhd: full(function* (fields) {
    yield ['created, modified', `${fields.u32()} ${fields.u32()}`];
    yield ['timescale', fields.u32()];
    yield ['duration', fields.u32()];
    yield ['language', language(fields.u16())];
    fields.skip(2);
  }),
  elng: full((fields) => [['language', fields.text()]]),
  hdlr: full(function* (fields) {
    fields.skip(4);
    yield ['handler', fields.fourcc()];
    fields.skip(12);
    yield ['name', fields.text()];
  }),
  vmhd: full((fields) => {
    fields.skip(8);
    return [];
  }),
  smhd: full((fields) => {
    fields.skip(4);
    return [];
  }),
  dref: full((fields) => [['entries', fields.u32()], ...fields.boxes()]),
  'url ': full(() => []),
  stsd: full((fields) => [['entries', fields.u32()], ...fields.boxes()]),
  stts: emptyTable,
  stsc: emptyTable,
  stsz: emptyTable,
  stco: emptyTable,
  avc1: visualEntry,
  mp4a: audioEntry,
  colr: (fields) => [
    ['type', fields.fourcc()],
    ['primaries, transfer, matrix', `${fields.u16()} ${fields.u16()} ${fields.u16()}`],
    ['full range', fields.u8() >> 7],
  ],
  pasp: (fields) => [['spacing', `${fields.u32()}:${fields.u32()}`]],
  btrt: (fields) => [['buffer, peak, average', `${fields.u32()} ${fields.u32()} ${fields.u32()}`]],
  esds: full(descriptors),
  trex: full((fields) => [
    ['track', fields.u32()],
    ['description, duration, size', `${fields.u32()} ${fields.u32()} ${fields.u32()}`],
    ['flags', hexadecimal(fields.u32(), 8)],
  ]),
  mfhd: full((fields) => [['sequence', fields.u32()]]),
  tfhd: full(function* (fields, flags) {
    yield ['track', fields.u32()];
    if (flags & 0x08) yield ['default duration', fields.u32()];
    if (flags & 0x10) yield ['default size', fields.u32()];
    if (flags & 0x20) yield ['default flags', hexadecimal(fields.u32(), 8)];
  }),
  tfdt: full((fields) => [['decode time', fields.u64()]]),
  trun: full(function* (fields, flags) {
    const count = fields.u32();
    yield ['samples', count];
    if (flags & 1) yield ['data offset', fields.i32()];
    for (let i = 0; i < count; i++) {
      const present = SAMPLE_FIELDS.filter(([flag]) => flags & flag);
      yield present.map(([, name, read]) => `${name} ${read(fields)}`).join(', ');
    }
  }),
};
