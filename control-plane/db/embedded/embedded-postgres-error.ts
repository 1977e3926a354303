/** The embedded Postgres cannot be used. The message says what is wrong, then what is known and what to do, a line each. */
export class EmbeddedPostgresError extends Error {
  constructor(problem: string, lines: readonly string[], cause?: unknown) {
    super([problem, ...lines.map((line) => `  ${line}`)].join("\n"), { cause });
    this.name = "EmbeddedPostgresError";
  }
}
