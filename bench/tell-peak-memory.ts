import { writeSync } from "node:fs";

// Node gives its peak resident set in KiB.
process.on("exit", () => writeSync(1, `peak ${process.resourceUsage().maxRSS * 1024} bytes\n`));
