import { startEmbeddedPostgres } from "../../../../control-plane/db/embedded/embedded-postgres.ts";

/** Starts or joins the server of the folder in argv, says which, and leaves when it is told to. */
const server = await startEmbeddedPostgres({
  stateFolder: process.argv[2] ?? "",
  settings: { fsync: "off" },
});
process.once("message", () => {
  void server.stop().then(() => process.disconnect());
});
process.send?.({ started: server.started, pid: server.pid });
