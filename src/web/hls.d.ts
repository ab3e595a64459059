/** hls.js under the name it is served by at /web/hls.js; types from its package. */
export * from 'hls.js';
export { default } from 'hls.js';
