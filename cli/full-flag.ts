import { boolean } from "@oclif/core/flags";

/** A terminal is shown the first of many; everything else gets all. */
export function fullFlag(noun: "artifact" | "component" | "job") {
  return {
    full: boolean({ default: false, summary: `List every ${noun} on a terminal too, also of hundreds.` }),
  };
}
