// Copies a file into fragmented MP4 that nobody keeps, with mediabunny: node copy-mediabunny.mjs FILE
import {
  ALL_FORMATS,
  Conversion,
  FilePathSource,
  Input,
  Mp4OutputFormat,
  NullTarget,
  Output,
} from 'mediabunny';

const [path] = process.argv.slice(2);
const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(path) });
const output = new Output({
  format: new Mp4OutputFormat({ fastStart: 'fragmented' }),
  target: new NullTarget(),
});
const conversion = await Conversion.init({ input, output });
if (!conversion.isValid) throw new Error('mediabunny cannot copy this file');
await conversion.execute();
