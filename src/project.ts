import { fileURLToPath } from 'node:url';

/** Folder of the project: this file runs from dist/src, or bundled from build/src. */
export const PROJECT_FOLDER = fileURLToPath(new URL('../../', import.meta.url));
