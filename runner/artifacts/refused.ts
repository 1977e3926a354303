/** The files are not what an artifact may hold; the message ends a sentence that begins with its name. */
export class ArtifactRefused extends Error {
  override readonly name = "ArtifactRefused";
}
