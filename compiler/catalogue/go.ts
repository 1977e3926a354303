/** Go: downloads the modules of go.sum. The tool wants absolute paths, hence its own settings instead of variables. */
export const GO = `version: 1
inputs:
  go: { description: "Version of Go: a tag of the image \`golang\`", default: "1" }
templates:
  go:
    image: golang:\${{ inputs.go }}
    caches:
      - key: go-\${{ inputs.go }}-\${{ hash_files('**/go.sum') }}
        paths: [.go/mod, .go/build]
        restore_keys: ["go-\${{ inputs.go }}-"]
    steps:
      - go env -w GOMODCACHE="$PWD/.go/mod" GOCACHE="$PWD/.go/build" GOFLAGS=-modcacherw
      - go mod download
`;
