/**
 * The job body we send, in Nomad's own field names. Durations are nanoseconds, as Nomad's JSON API
 * has them: exact in JavaScript up to about 104 days. Nomad drops unknown keys in silence, so a test
 * registers every shape with a real agent and compares what it kept.
 */
export interface RegisterRequest {
  readonly Job: NomadJob;
  /** With JobModifyIndex 0: create only. */
  readonly EnforceIndex: true;
  readonly JobModifyIndex: 0;
}

export interface NomadJob {
  readonly ID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly Type: "batch";
  readonly Priority: number;
  readonly NodePool: string;
  readonly Datacenters: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly Constraints: readonly NomadConstraint[];
  readonly TaskGroups: readonly NomadTaskGroup[];
  /** A stopped record: it holds the name and places nothing. */
  readonly Stop?: true;
}

export interface NomadConstraint {
  readonly LTarget: string;
  readonly Operand: "=";
  readonly RTarget: string;
}

export interface NomadTaskGroup {
  readonly Name: string;
  readonly Count: 1;
  readonly RestartPolicy: {
    readonly Attempts: 0;
    readonly Mode: "fail";
    readonly Interval: number;
    readonly Delay: number;
  };
  readonly ReschedulePolicy: { readonly Attempts: 0; readonly Unlimited: false };
  readonly Disconnect: {
    readonly LostAfter: number;
    readonly Replace: false;
    readonly Reconcile: "keep_original";
  };
  /** Known to Nomad 2.0.3 and newer; older servers drop it. */
  readonly MaxRunDuration: number;
  readonly EphemeralDisk: { readonly SizeMB: number };
  readonly Networks?: readonly { readonly Mode: string }[];
  readonly Volumes?: Readonly<
    Record<string, { readonly Type: "host"; readonly Source: string; readonly ReadOnly: boolean }>
  >;
  readonly Tasks: readonly NomadTask[];
}

export interface NomadTask {
  readonly Name: string;
  readonly Driver: string;
  readonly Leader: true;
  readonly User?: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly Env: Readonly<Record<string, string>>;
  readonly Resources: { readonly CPU: number; readonly MemoryMB: number };
  readonly Identities?: readonly NomadIdentity[];
  readonly Templates?: readonly NomadTemplate[];
  readonly VolumeMounts?: readonly {
    readonly Volume: string;
    readonly Destination: string;
    readonly ReadOnly: boolean;
  }[];
  readonly KillTimeout: number;
  readonly KillSignal: string;
  readonly LogConfig: { readonly MaxFiles: number; readonly MaxFileSizeMB: number };
}

export interface NomadIdentity {
  readonly Name: string;
  readonly Audience: readonly string[];
  readonly TTL: number;
  readonly File: true;
  readonly ChangeMode: "noop";
}

export interface NomadTemplate {
  readonly EmbeddedTmpl: string;
  readonly DestPath: string;
  readonly Perms: string;
  readonly ChangeMode: "noop";
}

export const NANOSECONDS_PER_MILLISECOND = 1_000_000;
