# Part of every script in this folder: sets `top` to the root of the repository, and finds the pinned Node.js
# (docs/decisions/001-runtime.md).
# shellcheck shell=sh
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

# Prints the path of the pinned Node.js binary. If the binary is missing, says how to install it.
pinned_node() {
  case "$(uname -m)" in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) echo "domainsync: no pinned Node.js for $(uname -m); x86_64 and aarch64 are supported." >&2; return 1 ;;
  esac
  found="$top/node_modules/node-linux-$arch/bin/node"
  if [ ! -x "$found" ]; then
    echo "domainsync: the pinned Node.js is not installed; run script/setup first." >&2
    return 1
  fi
  printf '%s\n' "$found"
}
