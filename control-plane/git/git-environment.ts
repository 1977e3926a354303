import { devNull } from "node:os";

/**
 * A repository is data from someone else. These settings keep its hooks, file watchers, filters of
 * pathspecs and remotes from acting, and keep the answers the same on every machine.
 */
export const HARDENED_OPTIONS = [
  "-c",
  `core.hooksPath=${devNull}`,
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.untrackedCache=false",
  "-c",
  "core.alternateRefsCommand=",
  "-c",
  "core.splitIndex=false",
  "-c",
  "gc.auto=0",
  "-c",
  "maintenance.auto=false",
] as const;

/** Variables of the caller that git needs to start; nothing else is handed on. */
const KEPT = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE", "LD_LIBRARY_PATH"];

/** The environment for reading objects. No prompt, no network, no configuration but the repository's own. */
export function readingEnvironment(): NodeJS.ProcessEnv {
  return { ...userEnvironment(), GIT_CONFIG_GLOBAL: devNull, GIT_ATTR_NOSYSTEM: "1" };
}

/** The same with the person's own configuration, for what must treat files as their `git add` would. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const kept = KEPT.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    // No transport has this name, so a partial clone cannot fetch behind our back.
    GIT_ALLOW_PROTOCOL: "none",
    GIT_PAGER: "cat",
  };
}
