/** What the worker answers; the page's own files come from their host. */
const ROUTES = /^\/(hls|probe)(\/|$)/;

/**
 * The request as the app gets it: its routes are at the root, while the page may lie anywhere. Null for what is not
 * for it.
 */
export function appRequest(request: Request, scope: URL): Request | null {
  const url = new URL(request.url);
  if (url.origin !== scope.origin) return null;
  if (url.pathname.startsWith(scope.pathname)) url.pathname = url.pathname.slice(scope.pathname.length - 1);
  if (!ROUTES.test(url.pathname)) return null;
  const { method, headers, signal } = request;
  return new Request(url, { method, headers, signal });
}
