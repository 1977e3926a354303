export interface SetupOptions {
  readonly namespace: string;
  readonly installation: string;
  readonly nodePool: string;
  readonly runnerVolume: string;
  /** Folder on every client: the runner's files and the relay's socket. */
  readonly runnerFolder: string;
  /** Where clients reach the control plane: `https://host:port`. */
  readonly controlPlane: string;
  /** Its certificate is of an authority of one's own, whose PEM lies in the runner's folder as `ca.pem`. */
  readonly ownAuthority: boolean;
  /** Who keeps the relay running. A job needs an image; any will do, the folder brings all that runs. */
  readonly relay: { readonly kind: "systemd" } | { readonly kind: "nomad"; readonly image: string };
}

export interface SetupFile {
  readonly name: string;
  /** What to do with it, in one line for a person. */
  readonly use: string;
  readonly text: string;
}
