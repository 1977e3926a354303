import { spawn } from "node:child_process";
import { devNull } from "node:os";
import { HARDENED_OPTIONS } from "./git-environment.ts";

/** What git wrote to stderr, for logs; more is cut. */
const STDERR_BYTES_MAX = 16 * 1024;
/** Answers of the commands run here are short; fetched objects do not pass through stdout. */
const STDOUT_BYTES_MAX = 64 * 1024;
/** Variables without which a network's proxy or private certificate authority would not be found. */
const NETWORK_VARIABLES = [
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "NO_PROXY",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "GIT_SSL_CAINFO",
] as const;

export interface MirrorGitResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MirrorGitOptions {
  readonly timeoutMs: number;
  /** The one transport this command may use, if any. */
  readonly protocol?: "https" | "http" | "file";
  /** Handed over in the environment: unlike arguments, other users of the machine cannot read it. */
  readonly settings?: readonly (readonly [key: string, value: string])[];
  readonly signal?: AbortSignal | undefined;
}

/** Nothing of the machine's or a user's configuration, no prompt, no helper, no transport but the one allowed. */
export function mirrorEnvironment(
  options: Pick<MirrorGitOptions, "protocol" | "settings">,
): NodeJS.ProcessEnv {
  const network = NETWORK_VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const settings = options.settings ?? [];
  return {
    ...Object.fromEntries(network),
    PATH: process.env["PATH"] ?? "",
    HOME: devNull,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_ALLOW_PROTOCOL: options.protocol ?? "none",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(settings.map(([key], index) => [`GIT_CONFIG_KEY_${index}`, key])),
    ...Object.fromEntries(settings.map(([, value], index) => [`GIT_CONFIG_VALUE_${index}`, value])),
  };
}

/**
 * Runs git in a bare repository, bounded in time and output. The whole process group is killed at
 * the deadline or when the signal fires. Throws only when git cannot be started.
 */
export async function runMirrorGit(
  path: string,
  args: readonly string[],
  options: MirrorGitOptions,
): Promise<MirrorGitResult> {
  options.signal?.throwIfAborted();
  const child = spawn("git", [...HARDENED_OPTIONS, "--git-dir", path, ...args], {
    env: mirrorEnvironment(options),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let timedOut = false;
  const killGroup = () => {
    if (child.pid === undefined) {
      return;
    }
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // The group has ended already.
    }
  };
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", killGroup, { once: true });
  const stdout = collect(child.stdout, STDOUT_BYTES_MAX);
  const stderr = collect(child.stderr, STDERR_BYTES_MAX);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { exitCode, timedOut, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", killGroup);
  }
}

function collect(stream: NodeJS.ReadableStream, limit: number): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < limit) {
      chunks.push(chunk.subarray(0, limit - size));
    }
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
