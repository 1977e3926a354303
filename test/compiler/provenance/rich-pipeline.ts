/**
 * A pipeline that says every value a plan has, and in every way there is: by files, templates, defaults,
 * anchors, inputs, cells, rules and policies, in short forms and in long ones.
 */
export const RICH_FILES: Readonly<Record<string, string>> = {
  ".delta/pipeline.yaml": `version: 1
name: rich
include:
  - local: .delta/shared.yaml
    inputs: { node: "24", registry: registry.example }
  - .delta/lint.yaml
  - .delta/parts.yaml
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
  runs: { max_runtime: 2h, max_concurrency: 8, budget: 20h, cancel_superseded: true, on_failure: cancel }
  jobs: { timeout: 30m, queue_timeout: 45m, cpu: 4, memory: 8GiB, retry: 3, pools: [big], isolation: [vm] }
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
  ".delta/parts.yaml": `version: 1
concurrency: { group: "checks-\${{ ref.name }}", limit: 2, on_conflict: cancel_older }
templates:
  with-services:
    services:
      cache: redis:8
      db: { image: mysql, ports: [3306], env: { FROM_TEMPLATE: "1" } }
    caches:
      - { key: shared, paths: .shared }
jobs:
  stack:
    extends: with-services
    timeout: null
    services:
      db:
        image: postgres:\${{ matrix.postgres }}
        env: { POSTGRES_PASSWORD: test, MODE: "\${{ vars.mode }}" }
        command: [postgres, -c, "mode=\${{ vars.mode }}"]
        ports: [5432, 5433]
        ready: { command: [pg_isready, -q], timeout: 30s }
      queue: { image: "nats:2", ready: [nats, ping], command: [serve] }
    +caches:
      - key: npm-\${{ matrix.postgres }}
        paths: [.npm, .cache]
        restore_keys: [npm-, n]
        mode: read
    matrix:
      axes: { postgres: [17, 18] }
      max: 1
      fail_fast: true
    no_output_timeout: 10m
    runner: { labels: [zebra, gpu, fast] }
    network: none
    checkout: { depth: full }
    steps: [make]
  build:
    artifacts:
      - { name: dist, path: "dist/**", expire: 168h, required: true }
      - name: tests-\${{ vars.mode }}
        path: [reports/*.xml, "!reports/tmp.xml"]
        type: junit
        when: always
    outputs: [version, digest]
    secrets: { TOKEN: shop/deploy-token, SAME: SAME }
    id_tokens: { CLOUD: https://cloud.example, OTHER: [b.example, a.example] }
    network: { egress: registries }
    checkout: { depth: 50 }
    interruptible: false
    concurrency: builds
    matrix: { axes: { flavour: [plain] }, fail_fast: true }
    steps: [make]
  deploy:
    needs:
      - { job: build, artifacts: [tests-fast, dist] }
      - stack
      - { job: plain, optional: true, when: skipped_ok }
    env:
      IMAGE: shop:\${{ needs.build.outputs.version }}-\${{ vars.mode }}
    secrets: [NPM_TOKEN, OTHER_TOKEN]
    environment: { name: production, url: "https://\${{ vars.mode }}.example" }
    approval: { approvers: [zoe, alice], min: 2, expires: 2h }
    concurrency: { group: "deploy-\${{ ref.name }}", limit: 3, on_conflict: latest }
    checkout: false
    rules:
      - { if: event.kind == 'schedule', set: { priority: 1 } }
      - if: ref.is_default
        run: manual
        set: { timeout: 9m, queue_timeout: 8m, priority: 5, retry: { max: 1, on: [timeout] }, env: { MODE: rule } }
    steps:
      - run: ./deploy
        env: { HOW: "\${{ needs.build.result }}" }
  stage:
    environment: staging
    approval: {}
    network: registries
    steps: [./stage]
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
