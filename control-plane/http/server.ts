import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import fastify, { LogController, type FastifyInstance } from "fastify";
import { RUNNER_BODY_BYTES_MAX } from "../../schemas/limits.ts";
import { installErrorHandlers } from "./errors.ts";

/** A client that takes longer to send one request is cut off; answers may take as long as they need. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the idle time of common proxies, so that they close first. */
const KEEP_ALIVE_MS = 75_000;
/** No identifier of ours in a path is longer. */
const PARAMETER_CHARACTERS_MAX = 256;

export interface HttpServerSettings {
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** Where log lines go; stderr when absent, as stdout belongs to data. */
  readonly logStream?: { write(line: string): void };
}

/**
 * The HTTP server with its limits, headers, log and errors, and without routes. Those are added by the
 * `register...` functions of this folder. JSON bodies only, unless a route says otherwise.
 */
export async function createHttpServer(settings: HttpServerSettings): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: RUNNER_BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX, caseSensitive: true },
    logger: {
      level: settings.logLevel,
      stream: settings.logStream ?? process.stderr,
      redact: { paths: ["*.authorization", "*.password", "*.token", "headers"], censor: "[redacted]" },
      serializers: {
        // Neither headers nor the query: both can carry what nobody should read in a log.
        req: (request) => ({
          method: request.method,
          path: request.url.split("?", 1)[0],
          remote: request.ip,
        }),
      },
    },
    // One line per request at `info` would be most of the log; failures are logged where they are answered.
    logController: new LogController({ disableRequestLogging: true }),
  });
  app.removeContentTypeParser("text/plain");
  installErrorHandlers(app);
  await app.register(helmet, {
    // Behind plain HTTP on loopback a promise of TLS would be false; a proxy that adds TLS adds it.
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
  // Routes ask for a limit where guessing or polling could hurt; runners and forges have their own limits.
  await app.register(rateLimit, { global: false });
  return app;
}
