import { describe, expect, test } from "vitest";
import { tryFile } from "./corpus/corpus.ts";
import { corpusFiles } from "./corpus/files.ts";

/** Folder of public repositories' pipelines, beside a development checkout only. */
const FOLDER = process.env["DELTA_IMPORT_CORPUS"];

describe.skipIf(FOLDER === undefined)("pipelines of public repositories", () => {
  test.each(
    (FOLDER === undefined ? [] : corpusFiles(FOLDER)).map(
      (file) => [`${file.repository} ${file.path}`, file] as const,
    ),
  )("%s: what is imported compiles, or it is said why not", (_, file) => {
    const { pipeline, kinds, errors } = tryFile(file);
    if (pipeline === null) expect(kinds).not.toEqual([]);
    const isTooLarge = kinds.some((kind) => kind.includes("What comes of this file has"));
    if (!isTooLarge) expect(errors).toEqual([]);
  });
});
