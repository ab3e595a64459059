/** The encoding of a text, as `TextDecoder` calls it; null where nothing speaks for one. */
export async function guessCharset(sample: Uint8Array): Promise<string | null> {
  const { detect } = await import('chardet');
  return detect(sample);
}
