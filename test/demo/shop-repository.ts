import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * A small monorepo: three npm packages, one of which nothing depends on, and a Go module. Its steps are
 * plain shell and Node, so that it needs no installation.
 */
const FILES: Readonly<Record<string, string>> = {
  "package.json": json({ name: "shop", private: true, workspaces: ["packages/*"] }),
  "package-lock.json": json({ name: "shop", lockfileVersion: 3, requires: true, packages: lockedPackages() }),
  "packages/prices/package.json": json({ name: "@shop/prices", version: "1.0.0", type: "module" }),
  "packages/prices/total.js":
    "export const total = (items) => items.reduce((sum, { price, count }) => sum + price * count, 0);\n",
  "packages/prices/total.test.js":
    'import assert from "node:assert";\nimport { total } from "./total.js";\nassert.equal(total([{ price: 3, count: 2 }]), 6);\nconsole.log("prices: 1 test passed");\n',
  "packages/checkout/package.json": json({
    name: "@shop/checkout",
    version: "1.0.0",
    type: "module",
    dependencies: { "@shop/prices": "1.0.0" },
  }),
  "packages/checkout/receipt.js":
    'import { total } from "../prices/total.js";\nexport const receipt = (items) => `to pay: ${total(items)}`;\n',
  "packages/checkout/receipt.test.js":
    'import assert from "node:assert";\nimport { receipt } from "./receipt.js";\nassert.match(receipt([{ price: 3, count: 2 }]), /to pay: 6/);\nconsole.log("checkout: 1 test passed");\n',
  "packages/search/package.json": json({ name: "@shop/search", version: "1.0.0", type: "module" }),
  "packages/search/search.js":
    "export const matches = (name, word) => name.toLowerCase().includes(word.toLowerCase());\n",
  "services/mail/go.mod": "module example.test/shop/mail\n\ngo 1.22\n",
  "services/mail/main.go": 'package main\n\nfunc main() { println("mail") }\n',
  "README.md": "# Shop\n",
  ".delta/pipeline.yaml": `version: 1
name: shop
on:
  push: {}
discover: [npm, go]
jobs:
  prices:
    components: ["@shop/prices"]
    steps:
      - name: test
        run: node packages/prices/total.test.js
  checkout:
    components: ["@shop/checkout"]
    needs: [{ job: prices, when: skipped_ok }]
    steps:
      - name: test
        run: node packages/checkout/receipt.test.js
  search:
    components: ["@shop/search"]
    steps:
      - name: check
        run: node --check packages/search/search.js
  mail:
    components: [example.test/shop/mail]
    workdir: services/mail
    steps:
      - name: format
        run: grep -q "^package main" main.go && echo mail is in order
  docs:
    changes: ["**/*.md"]
    steps:
      - name: headings
        run: grep -c '^# ' README.md
`,
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function lockedPackages(): Record<string, unknown> {
  const names = ["prices", "checkout", "search"];
  const links = names.map((name) => [
    `node_modules/@shop/${name}`,
    { resolved: `packages/${name}`, link: true },
  ]);
  const own = names.map((name) => {
    const dependencies = name === "checkout" ? { dependencies: { "@shop/prices": "1.0.0" } } : {};
    return [`packages/${name}`, { name: `@shop/${name}`, version: "1.0.0", ...dependencies }];
  });
  return { "": { name: "shop", workspaces: ["packages/*"] }, ...Object.fromEntries([...links, ...own]) };
}

export interface ShopRepository {
  readonly path: string;
  /** Commits everything and gives the commit id. */
  commit(message: string, files: Readonly<Record<string, string>>): string;
}

export function makeShopRepository(path: string): ShopRepository {
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", path, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "Ada",
        GIT_AUTHOR_EMAIL: "ada@example.test",
        GIT_COMMITTER_NAME: "Ada",
        GIT_COMMITTER_EMAIL: "ada@example.test",
      },
    }).trim();
  mkdirSync(path, { recursive: true });
  git("init", "--quiet", "--initial-branch=main");
  return {
    path,
    commit(message, files) {
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), content);
      }
      git("add", "--all");
      git("commit", "--quiet", "-m", message);
      return git("rev-parse", "HEAD");
    },
  };
}

export const FIRST_COMMIT = FILES;

/** A change of one package: what depends on it is affected, everything else is not. */
export const SECOND_COMMIT: Readonly<Record<string, string>> = {
  "packages/prices/total.js":
    "/** What all items cost together. */\nexport const total = (items) => items.reduce((sum, item) => sum + item.price * item.count, 0);\n",
};
