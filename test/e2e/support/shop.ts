/** Two npm packages, one of which needs the other, and a job for each; plain shell, so nothing is installed. */
export const SHOP: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ name: "shop", private: true, workspaces: ["packages/*"] }),
  "packages/prices/package.json": JSON.stringify({ name: "prices", version: "1.0.0" }),
  "packages/prices/list.txt": "tea 3\n",
  "packages/basket/package.json": JSON.stringify({
    name: "basket",
    version: "1.0.0",
    dependencies: { prices: "1.0.0" },
  }),
  "packages/basket/list.txt": "tea\n",
  "packages/search/package.json": JSON.stringify({ name: "search", version: "1.0.0" }),
  "packages/search/words.txt": "tea\n",
  ".delta/pipeline.yaml": `version: 1
name: shop
on: { push: {}, pull_request: {} }
jobs:
  prices:
    components: [prices]
    steps:
      - cat packages/prices/list.txt
  basket:
    components: [basket]
    needs: [{ job: prices, when: skipped_ok }]
    steps:
      - cat packages/basket/list.txt
  search:
    components: [search]
    steps:
      - cat packages/search/words.txt
`,
};

/** A pipeline of one job with these steps. */
export function pipelineOf(steps: readonly string[], more = ""): Record<string, string> {
  const list = steps.map((step) => `      - ${JSON.stringify(step)}\n`).join("");
  return { ".delta/pipeline.yaml": `version: 1\nname: one\njobs:\n  work:\n    steps:\n${list}${more}` };
}
