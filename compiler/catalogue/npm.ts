/** Node.js with npm: installs what the lockfile says, with npm's own cache kept between runs. */
export const NPM = `version: 1
inputs:
  node: { description: "Version of Node.js: a tag of the image \`node\`", default: "24" }
templates:
  npm:
    image: node:\${{ inputs.node }}
    env: { CI: "true", npm_config_cache: .npm, npm_config_update_notifier: "false" }
    caches:
      - key: npm-\${{ inputs.node }}-\${{ hash_files('package-lock.json') }}
        paths: [.npm]
        restore_keys: ["npm-\${{ inputs.node }}-"]
    steps: [npm ci --no-audit --no-fund]
`;
