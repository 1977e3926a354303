import { createHash } from "node:crypto";
import type { Span } from "../../schemas/diagnostic.ts";
import type { PlanSource } from "../../schemas/plan.ts";
import { CATALOGUE } from "../catalogue/index.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { CONFIGURATION_FOLDER, type TreeSnapshot } from "../input.ts";
import { catalogueName, type PinnedFiles, pinnedKey, pinnedName, type PinnedRequest } from "../pinned.ts";
import { unreachable } from "../unreachable.ts";
import type { WrittenInclude } from "./written-include.ts";

/** The text of one configuration file. */
export interface SourceText {
  /** How its places are named. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly source: PlanSource;
}

/** What the files of a pipeline are read from. */
export interface TextSources {
  readonly head: TreeSnapshot;
  readonly pinned: PinnedFiles;
  /** Whether a digest that differs may be told: a stranger could open another repository's file with it. */
  readonly tellsDigests: boolean;
}

/** Finds what includes name. */
export class IncludedTexts {
  readonly #sources: TextSources;
  readonly #report: Report;
  /** Digest and place by name: a ref of a repository has one content. */
  readonly #digests = new Map<string, { readonly sha256: string; readonly span: Span }>();
  /** What nobody brought yet, by key. */
  readonly missing = new Map<string, PinnedRequest>();

  constructor(sources: TextSources, report: Report) {
    this.#sources = sources;
    this.#report = report;
  }

  /** A file of the commit; null when it has none there. */
  local(path: string): SourceText | null {
    const { entries, contents } = this.#sources.head;
    const entry = entries.get(path);
    const bytes = contents.get(path);
    if (entry?.mode.startsWith("100") !== true || bytes === undefined) return null;
    return { name: path, bytes, source: { path, blob: entry.blob, from: null } };
  }

  /** The text that an include names; null when there is none, which is reported. */
  of(include: WrittenInclude): SourceText | null {
    const { what } = include;
    switch (what.kind) {
      case "local":
        return this.#local(what.path, include);
      case "template":
        return this.#template(what.name, include);
      case "pinned":
        return this.#pinned(what);
      default:
        return unreachable(what);
    }
  }

  #local(path: string, { span, within }: WrittenInclude): SourceText | null {
    const { entries } = this.#sources.head;
    if (!span.file.startsWith(CONFIGURATION_FOLDER) && within.included !== null) {
      const message = `\`${path}\` would be a file of whoever includes \`${span.file}\`; name it with \`repo\`, \`ref\`, \`sha256\` and \`file\``;
      this.#report.add("DC1615", span, message);
    } else if (!path.startsWith(CONFIGURATION_FOLDER) || path.split("/").includes("..")) {
      const message = `\`${path}\` is not below \`${CONFIGURATION_FOLDER}\`; only files there can be included`;
      this.#report.add("DC1604", span, message);
    } else {
      const text = this.local(path);
      if (text !== null) return text;
      const near = [...entries.keys()].filter((one) => one.startsWith(CONFIGURATION_FOLDER));
      this.#report.add("DC1604", span, `The commit has no file \`${path}\`${didYouMean(path, near)}`);
    }
    return null;
  }

  #template(name: string, { span }: WrittenInclude): SourceText | null {
    const text = CATALOGUE.get(name);
    if (text === undefined) {
      const names = [...CATALOGUE.keys()];
      const list = names.map((one) => `\`${one}\``).join(", ");
      const message = `The catalogue has no template \`${name}\`${didYouMean(name, names) || `; it has ${list}`}`;
      this.#report.add("DC1614", span, message);
      return null;
    }
    const bytes = new TextEncoder().encode(text);
    const source = { path: name, blob: blobOf(bytes), from: { template: name, sha256: sha256Of(bytes) } };
    return { name: catalogueName(name), bytes, source };
  }

  #pinned({ request, spans }: Extract<WrittenInclude["what"], { kind: "pinned" }>): SourceText | null {
    const { repo, ref, file, sha256 } = request;
    const name = pinnedName(request);
    const other = this.#digests.get(name);
    if (other !== undefined && other.sha256 !== sha256) {
      const related = [{ span: other.span, message: "with another digest here" }];
      this.#report.add("DC1616", spans.sha256, `\`${name}\` is included with two digests`, { related });
      return null;
    }
    this.#digests.set(name, { sha256, span: spans.sha256 });
    const found = this.#sources.pinned.get(pinnedKey(request));
    if (found === undefined) {
      this.missing.set(pinnedKey(request), request);
      this.#report.add("DC1611", spans.repo, `\`${name}\` was not fetched`);
      return null;
    }
    const { answer } = found;
    // A stranger is not told what another repository holds, only that this digest opens nothing.
    const isTold = this.#sources.tellsDigests || !("problem" in answer) || answer.problem !== "file_missing";
    if ("problem" in answer && isTold) {
      const [code, span] = PROBLEMS[answer.problem];
      this.#report.add(code, spans[span], `\`${name}\` cannot be included: ${answer.detail}`);
      return null;
    }
    const own = "bytes" in answer ? sha256Of(answer.bytes) : null;
    if ("problem" in answer || own !== sha256) {
      this.#reportDigest(name, own, request, spans.sha256);
      return null;
    }
    return {
      name,
      bytes: answer.bytes,
      source: { path: file, blob: blobOf(answer.bytes), from: { repo, ref, sha256 } },
    };
  }

  /** The new digest is offered, never applied by itself: whether the new bytes are meant is for a person to say. */
  #reportDigest(name: string, own: string | null, { sha256 }: PinnedRequest, span: Span): void {
    const told =
      this.#sources.tellsDigests && own !== null
        ? `; the file has ${own} now, to be written here once you read it`
        : "";
    this.#report.add("DC1610", span, `\`${name}\` does not have the digest ${sha256}${told}`);
  }
}

const PROBLEMS = {
  not_allowed: ["DC1612", "repo"],
  unreachable: ["DC1611", "repo"],
  file_missing: ["DC1613", "file"],
} as const;

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The id that git gives these bytes in a repository of SHA-1. */
function blobOf(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
}
