import postgres from "postgres";

/** Whole numbers of 8 bytes come back as numbers: epochs, offsets and versions stay far below 2^53. */
interface WireTypes extends Record<string, unknown> {
  readonly bigint: number;
}

export type Database = postgres.Sql<WireTypes>;
export type Transaction = postgres.TransactionSql<WireTypes>;
/** Where one statement may run: on the pool or inside a transaction. */
export type Connection = Database | Transaction;
/** A piece of SQL to be put into another. */
export type SqlFragment = postgres.Fragment;

/** One setting for both drivers. `host` is a host name, or the folder of a Unix socket when it begins with `/`. */
export interface DatabaseSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | null;
  readonly tls: boolean;
}

/** Many waiters on few connections beat many connections; a request waits for its turn. */
const CONNECTIONS_DEFAULT = 10;
const CONNECT_TIMEOUT_SECONDS = 10;
/** A statement that takes longer is stuck: every one of ours touches few rows. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** A plane that is stopped inside a transaction loses it after this, so that the others go on. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;

export interface ConnectOptions {
  readonly connections?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** Told the text of every statement sent, `begin` and `commit` included; for measuring. */
  readonly onStatement?: (sql: string) => void;
}

/** A pool of connections; nothing is dialled before the first statement. */
export function connect(settings: DatabaseSettings, options: ConnectOptions = {}): Database {
  return postgres({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    username: settings.user,
    ...(settings.password === null ? {} : { password: settings.password }),
    ssl: settings.tls ? "require" : false,
    max: options.connections ?? CONNECTIONS_DEFAULT,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    onnotice: () => {},
    ...(options.onStatement === undefined
      ? {}
      : { debug: (_connection: number, sql: string) => options.onStatement?.(sql) }),
    types: {
      bigint: { to: 20, from: [20], parse: Number, serialize: String },
    },
    connection: {
      application_name: options.applicationName ?? "delta",
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
  }) as Database;
}

/** The same settings as a URL for the `pg` driver, which graphile-worker uses. */
export function connectionString(settings: DatabaseSettings): string {
  const login = [settings.user, ...(settings.password === null ? [] : [settings.password])];
  const url = new URL(`postgres://${login.map(encodeURIComponent).join(":")}@localhost`);
  url.pathname = `/${encodeURIComponent(settings.database)}`;
  url.searchParams.set("host", settings.host);
  url.searchParams.set("port", String(settings.port));
  if (settings.tls) {
    url.searchParams.set("sslmode", "require");
  }
  return url.href;
}

/**
 * Reads `postgres://user:password@host:port/database`, also with the host in the query
 * (`?host=/var/run/postgresql`), which is how a Unix socket is named. Throws an Error that says what is wrong.
 */
export function parseDatabaseUrl(text: string): DatabaseSettings {
  const url = URL.parse(text);
  if (url === null || !["postgres:", "postgresql:"].includes(url.protocol)) {
    throw new Error("the database URL must look like postgres://user:password@host:5432/database");
  }
  const host = url.searchParams.get("host") ?? decodeURIComponent(url.hostname);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (host === "" || database === "") {
    throw new Error(`the database URL names no ${host === "" ? "host" : "database"}`);
  }
  const mode = url.searchParams.get("sslmode");
  return {
    host,
    port: Number(url.searchParams.get("port") ?? (url.port === "" ? "5432" : url.port)),
    database,
    user: url.username === "" ? "postgres" : decodeURIComponent(url.username),
    password: url.password === "" ? null : decodeURIComponent(url.password),
    tls: mode !== null && mode !== "disable" && mode !== "prefer" && mode !== "allow",
  };
}
