import { boolean } from "@oclif/core/flags";

/** A terminal is shown the first of many; everything else gets all. */
export const fullFlag = {
  full: boolean({ default: false, summary: "List every component on a terminal too, also of hundreds." }),
};
