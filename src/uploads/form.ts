import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { MediaError, truncated, unsupported } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BodySink } from './body.ts';

/** What a form brings; `end` or `fail` is the last call. */
export interface FormEvents {
  /** The file begins: the name that its sender gives it. */
  file(name: string | null): void;
  data(chunk: Buffer): void;
  /** The form is whole; a file was in it. */
  end(): void;
  fail(reason: MediaError): void;
}

const MEGABYTE = 2 ** 20;

/**
 * Takes the one file out of a `multipart/form-data` body (RFC 7578). Fields are passed over.
 * @throws MediaError `bad-request` for a type without a usable boundary
 */
export function readForm(contentType: string, events: FormEvents): BodySink {
  const form = openForm(contentType);
  const state = { isOver: false, hasFile: false, received: 0, fileBytes: 0 };
  const fail = (reason: MediaError) => {
    if (state.isOver) return;
    state.isOver = true;
    events.fail(reason);
  };
  form.on('file', (_field, file, name, encoding, type) => {
    const refusal = whyNot(encoding, type);
    file.on('error', () => undefined); // told by the form as well
    if (refusal) return fail(refusal);
    state.hasFile = true;
    events.file(name || null);
    file.on('data', (chunk: Buffer) => {
      state.fileBytes += chunk.length;
      if (!state.isOver) events.data(chunk);
    });
  });
  refuseExcess(form, fail);
  form.on('finish', () => {
    if (!state.hasFile) return fail(noFile());
    if (state.isOver) return;
    state.isOver = true;
    events.end();
  });
  return {
    write(chunk) {
      if (state.isOver) return;
      state.received += chunk.length;
      form.write(chunk);
      if (state.received - state.fileBytes > LIMITS.uploadAround)
        fail(tooMuch(`more than ${LIMITS.uploadAround / MEGABYTE} MB beside its file`));
    },
    end: () => void form.end(),
    fail,
  };
}

function openForm(contentType: string): BusboyInstance {
  const boundary = /;\s*boundary=(?:"([^"]*)"|([^\s;]*))/i.exec(contentType);
  const text = boundary?.[1] ?? boundary?.[2] ?? '';
  // RFC 2046, 5.1.1.
  if (!/^[\w'()+,./:=? -]{1,70}$/.test(text) || text.endsWith(' '))
    throw new MediaError(
      'bad-request',
      'The Content-Type of the form names no boundary of 1 to 70 characters',
    );
  return new Busboy({
    headers: { 'content-type': contentType },
    // What has arrived is passed on in the same turn: it is the request that is made to wait.
    highWaterMark: LIMITS.uploadAhead,
    fileHwm: LIMITS.uploadAhead,
    limits: {
      files: 1,
      parts: LIMITS.uploadParts,
      fieldSize: LIMITS.uploadField,
      headerPairs: LIMITS.uploadHeaderLines,
      headerSize: LIMITS.uploadHeader,
    },
  });
}

/** Forms of forms were given up by RFC 7578 (4.3), as were encodings (4.7). */
function whyNot(encoding: string, type: string): MediaError | null {
  if (type.startsWith('multipart/'))
    return unsupported('The form holds another multipart body; send the file');
  if (/^(7bit|8bit|binary)$/.test(encoding)) return null;
  return unsupported('The file is encoded for mail (Content-Transfer-Encoding); send its bytes as they are');
}

function refuseExcess(form: BusboyInstance, fail: (reason: MediaError) => void): void {
  form.on('field', (_name, _value, _isNameCut, isCut, _encoding, type) => {
    if (isCut) fail(tooMuch(`a field of more than ${LIMITS.uploadField / 1024} kB`));
    else if (type.startsWith('multipart/')) fail(whyNot('', type) ?? noFile());
  });
  form.on('filesLimit', () => fail(new MediaError('bad-request', 'The form holds several files; send one')));
  form.on('partsLimit', () => fail(tooMuch(`more than ${LIMITS.uploadParts} parts`)));
  form.on('error', () => fail(truncated('The form ended before its last boundary')));
}

const tooMuch = (what: string) => new MediaError('limit', `The form holds ${what}`);

const noFile = () =>
  new MediaError(
    'bad-request',
    'The form holds no file: a part with a file name, as curl -F file=@name sends it',
  );
