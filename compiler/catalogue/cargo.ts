/** Rust with cargo: fetches what the lockfile says, with downloads and build results kept between runs. */
export const CARGO = `version: 1
inputs:
  rust: { description: "Version of Rust: a tag of the image \`rust\`", default: "1" }
templates:
  cargo:
    image: rust:\${{ inputs.rust }}
    env: { CARGO_HOME: .cargo-home, CARGO_INCREMENTAL: "0", CARGO_TERM_COLOR: always }
    caches:
      - key: cargo-\${{ inputs.rust }}-\${{ hash_files('**/Cargo.lock') }}
        paths: [.cargo-home/registry, .cargo-home/git, target]
        restore_keys: ["cargo-\${{ inputs.rust }}-"]
    steps: [cargo fetch --locked]
`;
