# Sourced by run.sh and test.sh, which have set `root` to the repository.

# Compile jobs at a time: a heavy translation unit takes up to 1.5 GB.
jobs() {
  local cores memory_kb
  cores=$(nproc)
  memory_kb=$(awk '/MemAvailable/ {print $2}' /proc/meminfo)
  local by_memory=$((memory_kb / 1500000))
  [[ $by_memory -ge 1 ]] || by_memory=1
  echo $((by_memory < cores ? by_memory : cores))
}

# configure PRESET [CMAKE_OPTION...]: without oneDNN on the system, configures without its variants.
configure() {
  local preset=$1 log
  shift
  local options=("$@")
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  if [[ $preset != aarch64 ]]; then
    log=$(cd "$root" && cmake --preset "$preset" "${options[@]}" -DROOFGAP_ONEDNN=ON 2>&1) && return
    if grep -q 'oneDNN was not found' <<<"$log"; then
      echo "oneDNN was not found: building without its variants"
      options+=(-DROOFGAP_ONEDNN=OFF)
    else
      echo "$log" >&2
      return 1
    fi
  fi
  log=$(cd "$root" && cmake --preset "$preset" "${options[@]}" 2>&1) || {
    echo "$log" >&2
    return 1
  }
}

# build PRESET [TARGET...]: one status line while it goes well, the compiler's words when it does not.
build() {
  local preset=$1
  shift
  local targets=()
  [[ $# -eq 0 ]] || targets=(--target "$@")
  (cd "$root" && cmake --build --preset "$preset" --parallel "$(jobs)" "${targets[@]}")
}

# The distribution's python3, which its matplotlib and pytest belong to, whatever else is on the PATH.
python=/usr/bin/python3
[[ -x $python ]] || python=python3
