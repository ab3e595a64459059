/** Requests a second of one client: more than any player asks for. */
export const USUAL_RATE = 100;
/** Requests of one client at a time: ten viewers behind one address. */
export const USUAL_CLIENT_UPSTREAMS = 64;
