import micromatch from "micromatch";
import { eventFlags, eventFromFlags, parseEventFlags } from "../../../compiler/event-flags.ts";
import { isGlobProblem, matchesGlob, parseGlob } from "../../../compiler/globs/index.ts";
import { cronProblem } from "../../../compiler/language/cron.ts";
import { formatDuration, parseDuration } from "../../../compiler/language/duration.ts";
import { formatSize, parseSize } from "../../../compiler/language/size.ts";
import { decodePath, encodePath } from "../../../compiler/paths.ts";
import { bytesOf, type FuzzTarget, must, textOf } from "../target.ts";

/** micromatch is asked about short ones alone: longer ones can keep it for minutes. */
const COMPARED = /^[ab.*?/[\]!{},x-]{1,14}$/;
const PATHS = ["a", "b", "a.x", ".a", "a/b", "a/.b", "a/b/x.a", "b-a/a", "x/x/x"];

export const globTarget: FuzzTarget = {
  name: "globs",
  seeds: bytesOf(
    "src/**/*.ts",
    "!a/{b,c}/[x-z]?",
    "a/**",
    "**/b",
    "{1..3}/a*b",
    "*.{a,b}",
    "[!a]*",
    "\\*a",
    "a/*/b",
  ),
  tokens: ["**", "*", "?", "/", "[", "]", "{", "}", ",", "!", "..", "a", "b", "+(", ")", "|", "\\", "$"],
  read(input) {
    const source = textOf(input);
    const glob = parseGlob(source);
    if (isGlobProblem(glob)) {
      must(/^DC15\d\d$/.test(glob.code) && glob.detail !== "", "it is refused without a reason");
      if (glob.instead !== undefined)
        must(!isGlobProblem(parseGlob(glob.instead)), "what is offered instead is no glob");
      return glob;
    }
    const answers = PATHS.map((path) => matchesGlob(glob, path, { left: 1_000_000 }) !== glob.negated);
    // `***` and a dot that micromatch leaves unescaped are told apart by the suite's fixed pairs.
    if (COMPARED.test(source) && !/\*{3}|\*\*[^/]|[^/]\*\*|!.*!/.test(source)) compare(source, answers);
    return answers;
  },
};

function compare(source: string, answers: readonly boolean[]): void {
  const expanded = micromatch.braces(source, { expand: true, keepEscaping: true });
  for (const [index, path] of PATHS.entries()) {
    const theirs = micromatch.isMatch(path, expanded, { dot: true, posix: true });
    must(answers[index] === theirs, `${JSON.stringify(source)} against ${path} is ${answers[index]}`);
  }
}

export const durationTarget: FuzzTarget = {
  name: "durations",
  seeds: bytesOf("90s", "1h30m", "2d", "500ms", "1d2h3m4s5ms", "0s"),
  tokens: ["d", "h", "m", "s", "ms", "0", "9", " ", "-", ".", "e"],
  read(input) {
    const parsed = parseDuration(textOf(input));
    if (parsed === null) return null;
    must(Number.isSafeInteger(parsed) && parsed >= 0, `${parsed} are no milliseconds`);
    // A number may be larger than one unit's digits hold when it is written in the largest unit.
    const again = parseDuration(formatDuration(parsed));
    must(again === parsed, `${formatDuration(parsed)} is read as ${again}, not ${parsed}`);
    return parsed;
  },
};

export const sizeTarget: FuzzTarget = {
  name: "sizes",
  seeds: bytesOf("512MiB", "1.5GiB", "10GB", "1B", "0.125TiB"),
  tokens: ["K", "M", "G", "T", "i", "B", ".", "0", "9", "-", " "],
  read(input) {
    const parsed = parseSize(textOf(input));
    if (parsed === null) return null;
    must(Number.isSafeInteger(parsed) && parsed >= 0, `${parsed} are no bytes`);
    must(parseSize(formatSize(parsed)) === parsed, `${formatSize(parsed)} is not ${parsed} bytes`);
    return parsed;
  },
};

export const cronTarget: FuzzTarget = {
  name: "cron",
  seeds: bytesOf("0 4 * * 1-5", "*/15 0-6,22 1 jan,mar sun", "59 23 31 12 6", "0 0 1-7/2 * *"),
  tokens: ["*", "/", "-", ",", " ", "mon", "dec", "60", "7", "0"],
  read(input) {
    const text = textOf(input);
    const problem = cronProblem(text);
    if (problem !== null) return problem;
    const numbers = text.match(/\d+/g) ?? [];
    must(text.trim().split(/\s+/).length === 5, "a schedule without five fields is accepted");
    must(
      numbers.every((number) => Number(number) <= 99),
      "a number past every field is accepted",
    );
    return null;
  },
};

/** Arguments between NULs, as a program is given them. */
export const eventTarget: FuzzTarget = {
  name: "event-flags",
  seeds: bytesOf(
    "--head\0abc\0--event\0push\0--ref\0refs/heads/main\0--forced\0--input\0a=1",
    "--event=pull_request\0--head=a\0--ref=r\0--pr=7\0--pr-action\0opened\0--pr-target\0t\0--pr-target-sha\0s\0--pr-source\0u\0--trust\0fork",
    '--head\0a\0--event\0manual\0--ref\0r\0--input\0"x=y"=true\0--input\0z="q"\0--before=-b\0--default-branch\0m',
  ),
  tokens: ["--", "=", "\0", "-x", '"', "\n", "--input", "__proto__=1", "--pr-fork"],
  read(input) {
    const flags = parseEventFlags(textOf(input).split("\0"));
    const event = typeof flags === "string" ? flags : eventFromFlags(flags);
    if (typeof event === "string") {
      must(event !== "", "it is refused without a reason");
      return event;
    }
    const again = parseEventFlags(eventFlags(event));
    const same = typeof again !== "string" && JSON.stringify(eventFromFlags(again)) === JSON.stringify(event);
    must(same, "the flags of the event give another one");
    return event;
  },
};

/** Any bytes are a path and come back as they were. */
export const pathTarget: FuzzTarget = {
  name: "paths",
  seeds: [...bytesOf("a/b", "é/😀", "\u{10ffff}"), Uint8Array.of(0xff, 0x61, 0xed, 0xb3, 0xbf)],
  tokens: ["/", "..", "\n"],
  read(input) {
    const path = decodePath(input);
    must(Buffer.from(encodePath(path)).equals(input), "the bytes are not those that were given");
    return path;
  },
};
