import { string } from "@oclif/core/flags";

/** Flags of every command that talks to a control plane. The token is never on the command line. */
export const serverFlags = {
  server: string({
    summary: "URL of the control plane; the default is the one that runs for your state folder.",
    helpValue: "URL",
  }),
  "token-file": string({ summary: "File with the API token of that server.", helpValue: "FILE" }),
};

export interface ServerFlags {
  readonly server: string | undefined;
  readonly "token-file": string | undefined;
}
