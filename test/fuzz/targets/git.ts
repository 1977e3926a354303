import { encodePath } from "../../../compiler/paths.ts";
import { BatchAnswers, type GitObject } from "../../../control-plane/git/batch-answers.ts";
import { parseRawDiff } from "../../../control-plane/git/diff.ts";
import { GitError } from "../../../control-plane/git/git-error.ts";
import { TreeCursor } from "../../../control-plane/git/raw-tree.ts";
import { decodeRecords } from "../../../control-plane/git/records.ts";
import { asksOnlyFor } from "../../../control-plane/git/upload-pack-request.ts";
import { bytesOf, type FuzzTarget, must } from "../target.ts";

const [ONE, TWO] = ["1".repeat(40), "2".repeat(40)];
const MODES: ReadonlySet<string> = new Set(["100644", "100755", "120000", "160000", "040000"]);

/** An answer of `git diff-tree -z`: every path is one that stands in it, or the answer is said to be corrupt. */
export const diffTarget: FuzzTarget = {
  name: "git-diff",
  seeds: bytesOf(
    `:100644 100644 ${ONE} ${TWO} M\0a/b.ts\0:000000 100755 ${"0".repeat(40)} ${TWO} A\0é\nx\0`,
    `:100644 100644 ${ONE} ${ONE} R100\0old\0new\0:160000 160000 ${ONE} ${TWO} M\0sub\0:100644 000000 ${ONE} ${"0".repeat(40)} D\0gone\0`,
  ),
  tokens: ["\0", ":", " ", "R100", "C", "A", "160000", "\t"],
  read(input) {
    try {
      const records = decodeRecords(Buffer.from(input)).split("\0");
      if (records.at(-1) === "") records.pop();
      const given = naiveRecords(input);
      must(records.length === given.length, `${given.length} records were cut into ${records.length}`);
      for (const [index, record] of records.entries()) {
        must(Buffer.from(encodePath(record)).equals(given[index] ?? Buffer.of()), "a record lost bytes");
      }
      const changes = parseRawDiff(decodeRecords(Buffer.from(input))) ?? [];
      const known = new Set(records);
      for (const { path, oldPath } of changes) {
        must(known.has(path) && (oldPath === null || known.has(oldPath)), "a path was made up");
      }
      return changes;
    } catch (error) {
      if (error instanceof GitError && error.code === "corrupt") return error.message;
      throw error;
    }
  },
};

function naiveRecords(input: Uint8Array): Buffer[] {
  const parts = Buffer.from(input).toString("latin1").split("\0");
  if (parts.at(-1) === "") parts.pop();
  return parts.map((part) => Buffer.from(part, "latin1"));
}

const ID_BYTES = 20;

/** A tree object: every entry is one that stands in it, or the object is said to be corrupt. */
export const treeTarget: FuzzTarget = {
  name: "git-tree",
  seeds: bytesOf(
    `100644 a\0${"i".repeat(ID_BYTES)}40000 b\0${"j".repeat(ID_BYTES)}160000 sub\0${"k".repeat(ID_BYTES)}`,
    `120000 link\n\0${"i".repeat(ID_BYTES)}100775 é\0${"j".repeat(ID_BYTES)}`,
  ),
  tokens: ["\0", " ", "100644 ", "40000 ", "160000 ", "100664 ", "i".repeat(ID_BYTES)],
  read(input) {
    const bytes = Buffer.from(input);
    const entries: { readonly mode: string; readonly name: string; readonly id: string }[] = [];
    try {
      for (const at = new TreeCursor(bytes, ID_BYTES); at.mode !== null; at.next()) {
        must(MODES.has(at.mode), `${at.mode} is no mode`);
        must(at.compare(at) === 0 && at.hasIdOf(at), "an entry differs from itself");
        entries.push({ mode: at.mode, name: at.name, id: at.id });
      }
    } catch (error) {
      if (error instanceof GitError && error.code === "corrupt") return error.message;
      throw error;
    }
    let rest = bytes;
    for (const { name, id } of entries) {
      const entry = Buffer.concat([encodePath(name), Buffer.of(0), Buffer.from(id, "hex")]);
      const start = rest.indexOf(" ") + 1;
      must(rest.subarray(start, start + entry.length).equals(entry), "an entry lost bytes");
      rest = rest.subarray(start + entry.length);
    }
    must(rest.length === 0, "bytes were passed over");
    return entries;
  },
};

const BATCH_BYTES_MAX = 64;

/** The stream of `git cat-file --batch`: the same answers however it is cut into chunks. */
export const batchTarget: FuzzTarget = {
  name: "git-batch",
  seeds: bytesOf(
    `${ONE} blob 5\nhello\n${TWO} missing\n${TWO} commit 0\n\n`,
    `${ONE} blob 80\n${"x".repeat(80)}\n${TWO} tree 3\n\0\n\0\n`,
  ),
  tokens: ["\n", " blob ", " missing", "5", "99999999", " "],
  read(input) {
    const whole = batchAnswers(input, input.length);
    for (const size of [1, 7]) {
      must(
        JSON.stringify(batchAnswers(input, size)) === JSON.stringify(whole),
        `chunks of ${size} give another answer`,
      );
    }
    for (const answer of whole)
      must((answer?.content?.length ?? 0) <= BATCH_BYTES_MAX, "more was kept than asked for");
    return whole;
  },
};

function batchAnswers(input: Uint8Array, size: number) {
  const answers: (GitObject | null)[] = [];
  const reader = new BatchAnswers(BATCH_BYTES_MAX, (answer) =>
    answers.push(answer && { id: answer.id, type: answer.type, content: answer.content }),
  );
  for (let at = 0; at < input.length; at += size) reader.push(Buffer.from(input.subarray(at, at + size)));
  return answers;
}

const line = (text: string): string => (text.length + 4).toString(16).padStart(4, "0") + text;

/** A client's fetch request: whatever it says, nothing but the one commit may be asked for. */
export const uploadPackTarget: FuzzTarget = {
  name: "git-upload-pack",
  seeds: bytesOf(
    `${line("command=fetch")}0001${line(`want ${ONE}\n`)}${line("done\n")}0000`,
    `${line(`want ${ONE} multi_ack side-band-64k\n`)}${line("deepen 1\n")}0000${line("done\n")}`,
    `${line("command=ls-refs\n")}0001${line("peel\n")}0000`,
  ),
  tokens: ["want ", TWO, ONE, "0000", "0001", "0002", "command=", "want-ref refs/heads/x", "\n", "0032want "],
  read(input) {
    const asks = asksOnlyFor(ONE, Buffer.from(input));
    if (asks) {
      const wants = Array.from(
        Buffer.from(input)
          .toString("latin1")
          .matchAll(/^(?:0[0-9a-f]{3})want[- ](\S*)/g),
      );
      must(
        wants.every(([, id]) => id === ONE),
        "another object is asked for",
      );
    }
    return asks;
  },
};
