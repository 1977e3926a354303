/** Python with pip: installs a requirements file, with pip's own cache kept between runs. */
export const PYTHON = `version: 1
inputs:
  python: { description: "Version of Python: a tag of the image \`python\`", default: "3" }
  requirements: { description: "File of requirements, from the repository's root", default: requirements.txt }
templates:
  python:
    image: python:\${{ inputs.python }}
    env:
      PIP_CACHE_DIR: .pip
      PIP_DISABLE_PIP_VERSION_CHECK: "1"
      PIP_ROOT_USER_ACTION: ignore
      REQUIREMENTS: \${{ inputs.requirements }}
    caches:
      - key: pip-\${{ inputs.python }}-\${{ hash_files('**/requirements*.txt') }}
        paths: [.pip]
        restore_keys: ["pip-\${{ inputs.python }}-"]
    steps: ['pip install --requirement "$REQUIREMENTS"']
`;
