import { buildNomad } from "./build-nomad.ts";

/** `npm run nomad:build`: the message alone on failure, for it says what to do. */
await buildNomad(console.log).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
