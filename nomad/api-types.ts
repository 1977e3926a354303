import { Type, type Static, type TSchema } from "typebox";

/**
 * The fields of Nomad's answers that we read, and nothing else: unknown fields pass, a wrong type is
 * a `malformed` error at the boundary. Go writes an empty list or map as null, or leaves it out.
 * Nanosecond times are never read: they do not fit a JavaScript number.
 */
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Counts = orNull(Type.Record(Type.String(), Type.Number()));
const Index = Type.Number({ minimum: 0 });

export const RegisterAnswer = Type.Object({ EvalID: Type.String() });

/** EvalID is empty when Nomad knew no such job. */
export const DeregisterAnswer = Type.Object({ EvalID: Type.String() });

export const JobAnswer = Type.Object({
  ID: Type.String(),
  Stop: Type.Boolean(),
  Status: Type.String(),
  Meta: orNull(Type.Record(Type.String(), Type.String())),
  JobModifyIndex: Index,
});
export type JobAnswer = Static<typeof JobAnswer>;

const GroupSummary = Type.Object({
  Queued: Type.Number(),
  Complete: Type.Number(),
  Failed: Type.Number(),
  Running: Type.Number(),
  Starting: Type.Number(),
  Lost: Type.Number(),
  Unknown: Type.Optional(Type.Number()),
});

export const JobStub = Type.Object({
  ID: Type.String(),
  Stop: Type.Boolean(),
  Status: Type.String(),
  JobSummary: orNull(
    Type.Object({ ModifyIndex: Index, Summary: orNull(Type.Record(Type.String(), GroupSummary)) }),
  ),
  ModifyIndex: Index,
});
export type JobStub = Static<typeof JobStub>;
export const JobList = Type.Array(JobStub);

const TaskEvent = Type.Object({
  Type: Type.String(),
  DisplayMessage: Type.Optional(Type.String()),
  Details: orNull(Type.Record(Type.String(), Type.String())),
});
export type TaskEvent = Static<typeof TaskEvent>;

export const AllocationStub = Type.Object({
  ID: Type.String(),
  JobID: Type.String(),
  NodeName: Type.Optional(Type.String()),
  DesiredStatus: Type.String(),
  DesiredDescription: Type.Optional(Type.String()),
  ClientStatus: Type.String(),
  ClientDescription: Type.Optional(Type.String()),
  TaskStates: orNull(
    Type.Record(
      Type.String(),
      Type.Object({
        State: Type.String(),
        Failed: Type.Boolean(),
        Events: orNull(Type.Array(TaskEvent)),
      }),
    ),
  ),
  CreateIndex: Index,
});
export type AllocationStub = Static<typeof AllocationStub>;
export const AllocationList = Type.Array(AllocationStub);

export const PlacementFailure = Type.Object({
  NodesEvaluated: Type.Number(),
  NodesFiltered: Type.Number(),
  NodesInPool: Type.Optional(Type.Number()),
  NodePool: Type.Optional(Type.String()),
  NodesExhausted: Type.Number(),
  ConstraintFiltered: Counts,
  ClassFiltered: Counts,
  DimensionExhausted: Counts,
  QuotaExhausted: orNull(Type.Array(Type.String())),
});
export type PlacementFailure = Static<typeof PlacementFailure>;

export const EvaluationStub = Type.Object({
  ID: Type.String(),
  Status: Type.String(),
  StatusDescription: Type.Optional(Type.String()),
  BlockedEval: Type.Optional(Type.String()),
  FailedTGAllocs: orNull(Type.Record(Type.String(), PlacementFailure)),
  CreateIndex: Index,
});
export type EvaluationStub = Static<typeof EvaluationStub>;
export const EvaluationList = Type.Array(EvaluationStub);

/** `host:port`; empty while there is none. */
export const Leader = Type.String();

export const Members = Type.Object({
  Members: Type.Array(Type.Object({ Tags: orNull(Type.Record(Type.String(), Type.String())) })),
});

const DriverState = Type.Object({
  Healthy: Type.Boolean(),
  Detected: Type.Optional(Type.Boolean()),
  HealthDescription: Type.Optional(Type.String()),
});

export const NodeStub = Type.Object({
  ID: Type.String(),
  Name: Type.String(),
  NodePool: Type.Optional(Type.String()),
  Status: Type.String(),
  SchedulingEligibility: Type.String(),
  Drivers: orNull(Type.Record(Type.String(), DriverState)),
});
export type NodeStub = Static<typeof NodeStub>;
export const NodeList = Type.Array(NodeStub);

export const NodeAnswer = Type.Object({ HostVolumes: orNull(Type.Record(Type.String(), Type.Unknown())) });

/** An agent of itself: a client tells how its drivers are configured. Nomad writes one map or a list of them. */
export const AgentSelf = Type.Object({
  config: Type.Object({
    DataDir: Type.String(),
    Client: orNull(
      Type.Object({
        Enabled: Type.Boolean(),
        NodePool: Type.Optional(Type.String()),
        /** Empty: `alloc` in the data folder. */
        AllocDir: Type.Optional(Type.String()),
      }),
    ),
    Plugins: orNull(
      Type.Array(
        Type.Object({ Name: Type.String(), Config: orNull(Type.Record(Type.String(), Type.Unknown())) }),
      ),
    ),
  }),
});

/** What a token may do, by the names of its policies and roles. */
export const TokenSelf = Type.Object({
  Type: Type.String(),
  Policies: orNull(Type.Array(Type.String())),
  Roles: orNull(Type.Array(Type.Object({ ID: Type.String() }))),
});

export const AclRole = Type.Object({ Policies: orNull(Type.Array(Type.Object({ Name: Type.String() }))) });

/** Nomad parses the rules on each read, with `policy = "write"` already spelled out in capabilities. */
export const AclPolicy = Type.Object({
  RulesJSON: orNull(
    Type.Object({
      Namespaces: orNull(
        Type.Array(Type.Object({ Name: Type.String(), Capabilities: orNull(Type.Array(Type.String())) })),
      ),
    }),
  ),
});

/** Some writes answer with an index, some with nothing at all. */
export const Written = Type.Unknown();
