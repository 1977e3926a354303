/** A pipeline that says its values in every way there is: by files, templates, defaults, anchors, inputs and cells. */
export const RICH_FILES: Readonly<Record<string, string>> = {
  ".delta/pipeline.yaml": `version: 1
name: rich
include:
  - local: .delta/shared.yaml
    inputs: { node: "24", registry: registry.example }
  - .delta/lint.yaml
inputs:
  level: { type: string, default: info }
vars:
  mode: fast
env:
  LOG: \${{ inputs.level }}
  SHARED: pipeline
defaults:
  timeout: 20m
  env:
    FROM_DEFAULTS: "yes"
  runner: { pool: big, os: linux }
  cancel: { grace: 5s }
templates:
  base:
    retry: { max: 2, on: [infra, exit:3], delay: 10s }
    env: { FROM_BASE: base }
  checked:
    extends: base
    shell: bash
    env: { FROM_CHECKED: "\${{ vars.mode }}" }
    steps:
      - echo checked
components:
  web: { root: web }
  api: { root: api, depends_on: [web] }
policies:
  runs: { max_runtime: 2h, max_concurrency: 8 }
jobs:
  plain:
    steps: &steps
      - run: |
          echo one
          echo two
      - { name: Named, run: make, env: { STEP: "1" }, timeout: 3m, continue_on_error: true, always: true }
  cells:
    extends: [checked]
    name: cells on \${{ matrix.os }}
    matrix:
      axes: { os: [linux, mac], n: [1, 2] }
      include: [{ os: bsd, n: 3 }]
    env: { OS: "\${{ matrix.os }}", SHARED: job }
    needs:
      - plain
      - { job: from-include, when: done }
    +steps:
      - echo "on \${{ matrix.os }}"
    allow_failure: [7, 2]
    resources: { cpu: 1.5, memory: 2GiB, disk: 1GiB, pids: 200 }
  copies:
    parallel: 2
    priority: 7
    queue_timeout: 30m
    required: false
    steps: *steps
  each:
    for_each: affected
    workdir: \${{ component.root }}
    steps: [make]
finally:
  sum-up:
    image: alpine:3.20
    cancel: { signal: SIGINT }
    steps: [echo done]
`,
  ".delta/shared.yaml": `version: 1
inputs:
  node: { type: string }
  registry: { type: string, default: docker.io }
include: [.delta/deep.yaml]
jobs:
  from-include:
    image: \${{ inputs.registry }}/node:\${{ inputs.node }}
    runner: { isolation: vm, arch: arm64 }
    steps: [node --version]
`,
  ".delta/deep.yaml": `version: 1
jobs:
  deep:
    timeout: 90s
    retry: 1
    steps: [echo deep]
`,
  ".delta/lint.yaml": `version: 1
inputs:
  tool: { type: string, default: oxlint }
jobs:
  lint:
    allow_failure: true
    steps: ["\${{ inputs.tool }} ."]
`,
  "web/a.ts": "",
  "api/a.ts": "",
};
