import * as v from 'valibot';

/**
 * What the proxy does with a request. `pass`: forwards it unchanged. Each other mode applies to one request.
 */
export const proxyModes = [
  'pass',
  /** The proxy closes the client's connection before it forwards anything. */
  'cut-before',
  /** The proxy forwards half of the request, then closes both connections. */
  'cut-within',
  /** The proxy forwards the request, and closes the connection when the server's answer begins. */
  'cut-after',
  /** The proxy forwards the request and half of the answer, then closes the connection. */
  'cut-answer',
  /** The proxy drops the request and keeps the connection open. */
  'half-open',
  /** The proxy forwards the request, drops the answer, and keeps the connection open. */
  'half-open-after',
  /** The proxy forwards request and answer one octet at a time. */
  'octets',
  /** The proxy answers `101 Switching Protocols`, although the client has not asked for another protocol. */
  'switch',
] as const;

export type ProxyMode = (typeof proxyModes)[number];

/** The only argument of the proxy program, as JSON. */
export const proxyOptions = v.object({
  target: v.number(),
  /** Port to listen on; 0: any free port. */
  port: v.number(),
  /** Files with key and certificate; null: the server speaks plain TCP. */
  tls: v.nullable(v.object({ key: v.string(), cert: v.string() })),
});

export type ProxyOptions = v.InferOutput<typeof proxyOptions>;

/** An order from the test to the proxy: it treats the next `count` requests in this mode. */
export const proxyOrder = v.object({ mode: v.picklist(proxyModes), count: v.number() });

export type ProxyOrder = v.InferOutput<typeof proxyOrder>;

/** The message that the proxy sends once it listens, with its port. */
export const proxyReady = v.object({ port: v.number() });
