/**
 * Takes the place of decoders that carry their WebAssembly as text and compile it while they run, which Workers do not
 * allow. `sound.ts` says so before they are asked for.
 */
export {};
