import type { Report } from "../../diagnostics/report.ts";
import { itemsOf, mapOf } from "../../language/read.ts";
import { changed, scalarText } from "../reader.ts";
import { uploadFolder } from "./artifact-folder.ts";
import type { ConvertedSteps } from "./steps.ts";
import type { JobSource } from "./workflow.ts";

/** Whether a download takes what is uploaded. Tells where files come back elsewhere than there. */
export function isTaken(upload: Upload, { downloads }: ConvertedSteps, report: Report): boolean {
  const taking = downloads.filter(({ name }) => name === null || name === upload.name);
  for (const { into, span } of taking)
    if (into === null || into !== upload.folder)
      changed(report, span, "Files come back at the paths that they had in the job that made them");
  return taking.length > 0;
}

interface Upload {
  readonly name: string;
  /** Folder that its files are named from. */
  readonly folder: string;
}

/** What a job uploads, where the names are plain texts. */
export function uploadsOf(source: JobSource | undefined): readonly Upload[] {
  return itemsOf(source?.map.entries.get("steps")?.value).flatMap((item) => {
    const entries = mapOf(item)?.entries;
    if (scalarText(entries?.get("uses")?.value)?.startsWith("actions/upload-artifact@") !== true) return [];
    const given = mapOf(entries?.get("with")?.value)?.entries;
    const name = scalarText(given?.get("name")?.value) ?? "artifact";
    const paths = (scalarText(given?.get("path")?.value) ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "");
    return /^[\w.-]+$/.test(name) ? [{ name, folder: uploadFolder(paths) }] : [];
  });
}
