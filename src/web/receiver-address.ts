/** What `/receiver` answers. */
interface ReceiverAnswer {
  readonly path: string;
  readonly place: string | null;
}

/** An address that a device in the same network can play, or why there is none. */
export type ReceiverAddress =
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'refusal'; readonly message: string };

const UNREACHABLE =
  'Another device cannot reach this page’s address, which means this machine. Start the server with --host 0.0.0.0 and open the page under the address that it prints, or give it a --public-url.';

/** `0.0.0.0` and `[::]`, under which some open the page, mean this machine as well. */
const isLoopback = (host: string): boolean =>
  /^(localhost|.*\.localhost|127\..*|0\.0\.0\.0|\[::1?\])$/.test(host);

/**
 * @param master address of the film's playlist, as this page plays it
 * @param wish further fields of it
 */
export async function receiverAddress(
  master: string,
  wish: Readonly<Record<string, string>> = {},
): Promise<ReceiverAddress> {
  const query = new URLSearchParams(new URL(master).search);
  for (const [name, value] of Object.entries(wish)) query.set(name, value);
  const response = await fetch(`receiver?${query.toString().replaceAll('+', '%20')}`);
  if (!response.ok)
    return { kind: 'refusal', message: 'The server gives no address of this film for other devices.' };
  const { path, place } = (await response.json()) as ReceiverAnswer;
  const url = new URL(path, place ?? document.baseURI);
  return isLoopback(url.hostname)
    ? { kind: 'refusal', message: UNREACHABLE }
    : { kind: 'address', url: url.href };
}
