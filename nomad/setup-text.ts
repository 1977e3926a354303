export const NODE_POOL_DESCRIPTION = "Runs attempts of Delta CI and nothing else";

/** A value as configuration files have it. Throws an Error for one that could break out of its place. */
export function quote(text: string): string {
  if (!/^[\w./:@-]*$/.test(text)) throw new Error(`"${text}" cannot stand in a configuration file`);
  return `"${text}"`;
}

export function nodePoolText(nodePool: string): string {
  return `node_pool ${quote(nodePool)} {
  description = "${NODE_POOL_DESCRIPTION}"
}
`;
}

/** What every client of a pool of attempts has in its `client` block. */
export function clientLimits(): string {
  return `  # A job's grace and the runner's last report must fit; Nomad cuts longer wishes in silence.
  max_kill_timeout = "5m"
  # Finished attempts are many and small; their folders are read by nobody.
  gc_max_allocs    = 200
`;
}

export const NO_RAW_EXEC = `plugin "raw_exec" {
  config {
    enabled = false
  }
}
`;
