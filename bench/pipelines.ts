/** Jobs in one of our files: 1,000 are about 150 KiB, and a file may have 500. */
const JOBS_PER_FILE = 1_000;

interface BenchJob {
  readonly id: string;
  readonly folder: string;
  /** The job before it, of the same chain of ten; null for the first. */
  readonly needs: string | null;
}

/** Chains of ten jobs, each with a folder of its own, a variable, two commands and the job before it. */
function jobsOf(count: number): readonly BenchJob[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `job-${index}`,
    folder: `src/part-${index}`,
    needs: index % 10 === 0 ? null : `job-${index - 1}`,
  }));
}

/** The model as our pipeline: one file, or a file that includes as many as its jobs need. */
export function deltaFiles(count: number): Readonly<Record<string, string>> {
  const jobs = jobsOf(count);
  const head = "version: 1\nname: bench\n";
  if (count <= JOBS_PER_FILE) return { ".delta/pipeline.yaml": `${head}${deltaJobs(jobs)}` };
  const parts = Array.from({ length: Math.ceil(count / JOBS_PER_FILE) }, (_, part) => ({
    path: `.delta/part-${part}.yaml`,
    text: `version: 1\n${deltaJobs(jobs.slice(part * JOBS_PER_FILE, (part + 1) * JOBS_PER_FILE))}`,
  }));
  const include = `include: [${parts.map(({ path }) => path).join(", ")}]\n`;
  return {
    ".delta/pipeline.yaml": `${head}${include}jobs: {}\n`,
    ...Object.fromEntries(parts.map(({ path, text }) => [path, text])),
  };
}

function deltaJobs(jobs: readonly BenchJob[]): string {
  const text = jobs.map(
    ({ id, folder, needs }) =>
      `  ${id}:\n    image: alpine:3.22\n    changes: ["${folder}/**"]\n` +
      (needs === null ? "" : `    needs: [${needs}]\n`) +
      `    env: { PART: ${folder} }\n    steps:\n      - make -C ${folder} build\n      - make -C ${folder} test\n`,
  );
  return `jobs:\n${text.join("")}`;
}

/** The same model for GitLab, in one file. */
export function gitlabFile(count: number): string {
  const text = jobsOf(count).map(
    ({ id, folder, needs }) =>
      `${id}:\n  image: alpine:3.22\n  rules:\n    - changes: ["${folder}/**"]\n` +
      (needs === null ? "" : `  needs: [${needs}]\n`) +
      `  variables: { PART: ${folder} }\n  script:\n    - make -C ${folder} build\n    - make -C ${folder} test\n`,
  );
  return `stages: [build]\ndefault: {}\n${text.map((job) => job.replace("\n  image", "\n  stage: build\n  image")).join("")}`;
}

/** A file in each job's folder, so that every glob has one to match. */
export function sourceFiles(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(jobsOf(count).map(({ folder }) => [`${folder}/main.c`, "int main;\n"]));
}
