import { equalBytes } from '../core/bytes.ts';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Opened } from './http-location.ts';

/** What one answer says about which bytes it is part of. */
interface Validators {
  readonly place: string;
  /** A strong ETag; weak ones promise no equal bytes. */
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/**
 * Tells whether an answer belongs to the resource that the first answer described. The first 64 KiB are kept as
 * they are rather than hashed: a comparison of bytes needs no waiting, and of bytes seen in part too.
 */
export class Identity {
  readonly #host: string;
  #size: number | null = null;
  #validators: Validators | null = null;
  /** Grown once, by the first bytes. */
  #head: Uint8Array = new Uint8Array(0);
  #headLength = 0;

  /** @param host for messages */
  constructor(host: string) {
    this.#host = host;
  }

  get size(): number | null {
    return this.#size;
  }

  /** The strong ETag of the place last read from. */
  get etag(): string | null {
    return this.#validators?.etag ?? null;
  }

  /** The first bytes of the resource as far as they were seen. */
  get head(): Uint8Array {
    return this.#head.subarray(0, this.#headLength);
  }

  /**
   * `unproven`: another URL, whose validators say nothing about the first one's; its head must be compared.
   * @throws MediaError `changed`
   */
  check(opened: Opened): 'same' | 'unproven' {
    const before = this.#validators;
    if (before === null) return 'same';
    const now = validators(opened);
    const equal = compare(before, now);
    if (equal) return 'same';
    if (now.place !== before.place) return 'unproven';
    if (equal === false) throw this.#changed('its ETag or Last-Modified is another one');
    return 'same';
  }

  /** Whether its validators say that it is of the same resource: without any nobody knows. */
  isVouchedFor(opened: Opened): boolean {
    return this.#validators !== null && compare(this.#validators, validators(opened)) === true;
  }

  /** @throws MediaError `changed` when the size was known to be another one */
  learnSize(size: number | null): void {
    if (this.#size !== null && size !== null && size !== this.#size)
      throw this.#changed(`it has ${size} bytes, before it had ${this.#size}`);
    this.#size ??= size;
  }

  /** @throws MediaError `changed` when `bytes` is not how the resource began */
  checkHead(bytes: Uint8Array): void {
    const length = Math.min(bytes.length, this.#headLength);
    if (!equalBytes(bytes.subarray(0, length), this.#head.subarray(0, length)))
      throw this.#changed('it begins with other bytes');
  }

  /** Later answers of the same place are compared with the first one that came from there and was checked. */
  accept(opened: Opened): void {
    if (this.#validators?.place !== opened.place) this.#validators = validators(opened);
  }

  /** Notes bytes of the resource as they are read. */
  see(position: number, bytes: Uint8Array): void {
    const from = this.#headLength - position;
    if (this.#headLength >= LIMITS.identityHead || from < 0 || from >= bytes.length) return;
    const part = bytes.subarray(from, from + LIMITS.identityHead - this.#headLength);
    if (this.#head.length === 0) this.#head = new Uint8Array(LIMITS.identityHead);
    this.#head.set(part, this.#headLength);
    this.#headLength += part.length;
  }

  #changed(why: string): MediaError {
    return new MediaError('changed', `The file at ${this.#host} has changed: ${why}. Open it again`);
  }
}

/** Null when the two have no validator in common. */
function compare(a: Validators, b: Validators): boolean | null {
  if (a.etag !== null && b.etag !== null) return a.etag === b.etag;
  if (a.lastModified !== null && b.lastModified !== null) return a.lastModified === b.lastModified;
  return null;
}

function validators({ answer, place }: Opened): Validators {
  const etag = answer.header('etag');
  const isStrong = etag !== null && /^"[^"]*"$/.test(etag);
  return { place, etag: isStrong ? etag : null, lastModified: answer.header('last-modified') };
}
