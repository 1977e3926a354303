import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import type { JobDraft } from "../emit.ts";
import { changed, leftOut } from "../reader.ts";
import type { ActionEffects } from "./action-use.ts";

/** Makes this the job's image, unless another action has chosen one. */
export function chooseImage(
  image: string,
  { span, report }: { readonly span: Span; readonly report: Report },
  effects: ActionEffects,
): void {
  if (effects.image !== null && effects.image.text !== image)
    leftOut(
      report,
      span,
      `The image is ${quote(effects.image.text)} already; choose one that holds ${quote(image)} as well`,
    );
  effects.image ??= { text: image, span };
}

/** The image that a job runs in: its container, or else what actions install, which only machines of Linux can run. */
export function imageOf(
  container: string | null,
  { image }: Pick<ActionEffects, "image">,
  runner: JobDraft["runner"],
  report: Report,
): string | undefined {
  if (image === null) return container ?? undefined;
  const system = runner?.["os"] ?? "linux";
  if (container !== null && container !== image.text)
    leftOut(
      report,
      image.span,
      `The image is ${quote(container)} already; choose one that holds ${quote(image.text)} as well`,
    );
  else if (container === null && system !== "linux")
    changed(
      report,
      image.span,
      `${quote(image.text)} is an image of Linux, and this job runs on ${system === "darwin" ? "macOS" : "Windows"}: choose a pool of machines that have what it holds`,
    );
  return container ?? (system === "linux" ? image.text : undefined);
}
