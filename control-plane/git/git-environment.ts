import { devNull } from "node:os";

/**
 * A repository is data from someone else. These settings keep its hooks, file watchers, filters of
 * pathspecs and remotes from acting, and keep the answers the same on every machine.
 */
const HARDENED_SETTINGS = [
  `core.hooksPath=${devNull}`,
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.alternateRefsCommand=",
  "core.splitIndex=false",
  "gc.auto=0",
  "maintenance.auto=false",
] as const;

/** The settings every git here is started with, whoever starts it. */
export function hardenedSettings(trusted: readonly string[]): string[] {
  return [...HARDENED_SETTINGS, ...trusted.map((folder) => `safe.directory=${folder}`)];
}

/** Variables of the caller that git needs to start; nothing else is handed on. */
const KEPT = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE", "LD_LIBRARY_PATH"];
/** Variables without which a network's proxy or private certificate authority would not be found. */
const NETWORK = [
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "NO_PROXY",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "GIT_SSL_CAINFO",
];

/** The environment for reading objects. No prompt, no network, no configuration but the repository's own. */
export function readingEnvironment(): NodeJS.ProcessEnv {
  return { ...userEnvironment(), GIT_CONFIG_GLOBAL: devNull, GIT_ATTR_NOSYSTEM: "1" };
}

/** The same with the person's own configuration, for what must treat files as their `git add` would. */
export function userEnvironment(): NodeJS.ProcessEnv {
  return {
    ...kept(KEPT),
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    // No transport has this name, so a partial clone cannot fetch behind our back.
    GIT_ALLOW_PROTOCOL: "none",
  };
}

/** For mirrors, which belong to no person: nothing of any home, such as its `.netrc`, is looked at. */
export function mirrorEnvironment(): NodeJS.ProcessEnv {
  return { ...readingEnvironment(), HOME: devNull };
}

/** What a person's own git uses to reach a forge: their proxy, their ssh agent, their credential helpers. */
export function personEnvironment(protocol: "https" | "http" | "ssh" | "file"): NodeJS.ProcessEnv {
  return {
    ...userEnvironment(),
    ...kept([...NETWORK, "SSH_AUTH_SOCK", "XDG_CONFIG_HOME"]),
    GIT_ALLOW_PROTOCOL: protocol,
    // Nothing asks questions: a key that needs one fails instead.
    GIT_SSH_COMMAND: process.env["GIT_SSH_COMMAND"] ?? "ssh -oBatchMode=yes",
  };
}

/** What a fetch may use of the network, and the settings it is given. */
export interface FetchGrant {
  readonly protocol: "https" | "http" | "file";
  /** Handed over in the environment: unlike arguments, other users of the machine cannot read it. */
  readonly settings: readonly (readonly [key: string, value: string])[];
}

/** For the one command that speaks to others, by the one transport it is granted. */
export function fetchEnvironment({ protocol, settings }: FetchGrant): NodeJS.ProcessEnv {
  return {
    ...mirrorEnvironment(),
    ...kept(NETWORK),
    GIT_ALLOW_PROTOCOL: protocol,
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(settings.map(([key], index) => [`GIT_CONFIG_KEY_${index}`, key])),
    ...Object.fromEntries(settings.map(([, value], index) => [`GIT_CONFIG_VALUE_${index}`, value])),
  };
}

function kept(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
