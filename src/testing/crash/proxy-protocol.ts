import * as v from 'valibot';

/**
 * What the proxy does with the requests of a client. `pass`: nothing special. The other modes are for one
 * request each.
 */
export const proxyModes = [
  'pass',
  /** The connection ends before the server has any octet of the request. */
  'cut-before',
  /** The server gets half of the request, then both connections end. */
  'cut-within',
  /** The server gets the request, and the connection ends when its answer comes. */
  'cut-after',
  /** Half of the answer arrives, then the connection ends. */
  'cut-answer',
  /** The request is swallowed, and the connection stays open without an answer. */
  'half-open',
  /** The server gets the request, but the answer is swallowed, and the connection stays open. */
  'half-open-after',
  /** Request and answer travel octet by octet. */
  'octets',
  /** An HTTP server answers `101 Switching Protocols`, for which nobody has asked. */
  'switch',
] as const;

export type ProxyMode = (typeof proxyModes)[number];

/** How the proxy's program is started: the argument of its command line, as JSON. */
export const proxyOptions = v.object({
  target: v.number(),
  /** Port to listen on; 0: any free port. */
  port: v.number(),
  /** Files with key and certificate; null: the server speaks plain TCP. */
  tls: v.nullable(v.object({ key: v.string(), cert: v.string() })),
});

export type ProxyOptions = v.InferOutput<typeof proxyOptions>;

/** A message from the test to the proxy: the next `count` requests are treated so. */
export const proxyOrder = v.object({ mode: v.picklist(proxyModes), count: v.number() });

export type ProxyOrder = v.InferOutput<typeof proxyOrder>;

/** The message with which the proxy says that it listens. */
export const proxyReady = v.object({ port: v.number() });
