/** Told to the control plane at the claim, for people; a test compares it with package.json. */
export const RUNNER_VERSION = "0.1.0";
