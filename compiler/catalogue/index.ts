import { CARGO } from "./cargo.ts";
import { GO } from "./go.ts";
import { NPM } from "./npm.ts";
import { PYTHON } from "./python.ts";

/** What `include: { template: NAME }` takes in, as text. Part of the compiler: another version may have others. */
export const CATALOGUE: ReadonlyMap<string, string> = new Map([
  ["cargo", CARGO],
  ["go", GO],
  ["npm", NPM],
  ["python", PYTHON],
]);
