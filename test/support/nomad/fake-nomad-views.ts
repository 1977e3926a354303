import type { FakeJob, FakeNomadState } from "./fake-nomad-state.ts";

/** Answers in Nomad's shape, with fields that we do not read and nulls where Go writes them. */
export function jobView(state: FakeNomadState, job: FakeJob): object {
  return {
    ...job.body,
    Meta: job.body.Meta ?? null,
    Stop: job.stop,
    Status: state.statusOf(job),
    StatusDescription: "",
    Payload: null,
    CreateIndex: job.createIndex,
    ModifyIndex: job.modifyIndex,
    JobModifyIndex: job.createIndex,
    SubmitTime: 1_700_000_000_000_000_000,
  };
}

export function stubView(state: FakeNomadState, job: FakeJob): object {
  const count = (client: string): number => job.allocations.filter((one) => one.client === client).length;
  return {
    ID: job.body.ID,
    Name: job.body.ID,
    Stop: job.stop,
    Status: state.statusOf(job),
    Type: "batch",
    CreateIndex: job.createIndex,
    ModifyIndex: job.modifyIndex,
    JobModifyIndex: job.createIndex,
    JobSummary: {
      JobID: job.body.ID,
      ModifyIndex: job.summaryIndex,
      Children: null,
      Summary: {
        [job.body.TaskGroups[0]?.Name ?? ""]: {
          Queued: job.isBlocked ? 1 : 0,
          Complete: count("complete"),
          Failed: count("failed"),
          Running: count("running"),
          Starting: count("pending"),
          Lost: count("lost"),
          Unknown: 0,
        },
      },
    },
  };
}

export function allocationViews(job: FakeJob): object[] {
  return job.allocations.map((one) => ({
    ID: one.id,
    JobID: job.body.ID,
    NodeName: "fake-node",
    TaskGroup: job.body.TaskGroups[0]?.Name,
    DesiredStatus: one.desired,
    DesiredDescription: one.desired === "stop" ? "alloc not needed due to job update" : "",
    ClientStatus: one.client,
    ClientDescription: one.clientDescription,
    DeploymentStatus: null,
    TaskStates:
      one.events.length === 0
        ? null
        : {
            [job.body.TaskGroups[0]?.Tasks[0]?.Name ?? ""]: {
              State: one.client === "running" ? "running" : "dead",
              Failed: one.client === "failed",
              Events: one.events,
            },
          },
    CreateIndex: one.createIndex,
    CreateTime: 1_700_000_000_000_000_000,
  }));
}

export function evaluationViews(job: FakeJob): object[] {
  return job.evaluations.map((one) => ({
    ID: one.id,
    JobID: job.body.ID,
    Status: one.status,
    CreateIndex: one.createIndex,
    ...(one.isBlocked && {
      FailedTGAllocs: {
        [job.body.TaskGroups[0]?.Name ?? ""]: {
          NodesEvaluated: 1,
          NodesFiltered: 0,
          NodesInPool: 1,
          NodePool: "default",
          NodesExhausted: 1,
          ConstraintFiltered: null,
          ClassFiltered: null,
          DimensionExhausted: { memory: 1 },
          QuotaExhausted: null,
        },
      },
    }),
  }));
}
