import { hostileCorpus, planSmallPipeline } from "../test/support/hostile/corpus.ts";

// Tells the CPU time, in milliseconds, of the first answer to the case named in a process that has planned once.
const [name] = process.argv.slice(2);
const found = hostileCorpus().find((one) => one.name === name);
if (found === undefined) throw new Error(`no hostile case is named ${name}`);
const answers = found.prepare();
planSmallPipeline();
const before = process.cpuUsage();
answers();
const { user, system } = process.cpuUsage(before);
process.stdout.write(String((user + system) / 1000));
