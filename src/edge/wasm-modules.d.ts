/** Made by `npm run build:worker` out of the installed packages. */
declare module '*/wasm/modules.js' {
  export const modules: Readonly<
    Record<
      'aac-encoder' | 'ac3' | 'dts',
      {
        readonly module: WebAssembly.Module;
        readonly exports: Readonly<Record<string, string>>;
        readonly imports: Readonly<Record<string, string>>;
        readonly init: string;
        readonly memory: string;
      }
    >
  >;
}
