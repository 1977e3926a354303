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
  /** A pool of virtual machines beside the one of containers; null for none. */
  readonly machines: MachineSetup | null;
  /** Who keeps the relay running. A job needs an image; any will do, the folder brings all that runs. */
  readonly relay: { readonly kind: "systemd" } | { readonly kind: "nomad"; readonly image: string };
}

export interface MachineSetup {
  /** Node pool of the clients that run machines and nothing else. */
  readonly nodePool: string;
  /** Folder on each of them: one folder of it is one image. */
  readonly imagesFolder: string;
  readonly accelerator: "kvm" | "tcg";
}

export interface SetupFile {
  readonly name: string;
  /** What to do with it, in one line for a person. */
  readonly use: string;
  readonly text: string;
}
