# What the three launchers share; sourced, never run. They call: launch MODULE MAIN_CLASS FLAG_FILE… -- ARGUMENT…

# The sourcing script says who it is and where the tree is.
: "${launcher:?}" "${root:?}"

# Exit codes of sysexits.h, so that a supervisor can tell "cannot run here" from a fault of the program.
readonly EX_UNAVAILABLE=69 EX_SOFTWARE=70

say() { printf '%s: %s\n' "$launcher" "$1" >&2; }

# Folders of JDKs, most wanted first. PROXY_L3L4_JDK_FOLDERS (colon-separated) replaces the usual places.
jdk_candidates() {
  local java folder
  [[ -n ${JAVA_HOME:-} ]] && printf '%s\n' "$JAVA_HOME"
  if java=$(command -v java 2>/dev/null); then
    java=$(readlink -f "$java")
    printf '%s\n' "${java%/bin/java}"
  fi
  local -a folders=(/usr/lib/jvm /opt /opt/java /usr/local "${HOME:-/root}/.sdkman/candidates/java" "${HOME:-/root}/.jdks"
    "${HOME:-/root}/.local/share/mise/installs/java" "${HOME:-/root}/.asdf/installs/java")
  [[ -n ${PROXY_L3L4_JDK_FOLDERS+set} ]] && IFS=: read -ra folders <<<"$PROXY_L3L4_JDK_FOLDERS"
  for folder in "${folders[@]}"; do
    printf '%s\n' "$folder"/*
  done
}

# Reads the release file rather than starting each java that lies around: that would cost more than our own start.
is_java_25() { [[ -x $1/bin/java && -r $1/release ]] && grep -q '^JAVA_VERSION="25[".+-]' "$1/release"; }

find_jdk() {
  local candidate
  while IFS= read -r candidate; do
    if is_java_25 "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  done < <(jdk_candidates)
  say "needs a JDK 25 and found none in JAVA_HOME, on the PATH or in the usual folders."
  say "Install one (for instance the package temurin-25-jdk or openjdk-25-jdk-headless, or: sdk install java 25-tem)"
  say "or point JAVA_HOME at it."
  return $EX_UNAVAILABLE
}

# True if a source or a pom is newer than the jar: one find, which stops at the first hit.
is_stale() {
  local jar=$1 module sources=()
  [[ -f $jar ]] || return 0
  for module in stages config engine "$2"; do sources+=("$root/$module/src/main" "$root/$module/pom.xml"); done
  [[ -n $(find "$root/pom.xml" "$root/.version" "${sources[@]}" -newer "$jar" -print -quit) ]]
}

# True if this user may write wherever the build does.
can_build() {
  local module
  for module in . stages config engine "$1"; do
    mkdir -p "$root/$module/target" 2>/dev/null && [[ -w $root/$module/target ]] || return 1
  done
  [[ ! -e $root/target/.launcher-build.lock || -w $root/target/.launcher-build.lock ]]
}

build() {
  local module=$1 jar=$2 jdk=$3 log status=0
  if ! command -v mvn >/dev/null; then
    if [[ -f $jar ]]; then
      say "the sources are newer than the build, but mvn is not on the PATH: running what was built before."
      return 0
    fi
    say "is not built yet and mvn is not on the PATH. Install Maven 3.8.6 or later (Debian: apt install maven)."
    return $EX_UNAVAILABLE
  fi
  if ! can_build "$module"; then
    if [[ -f $jar ]]; then
      say "the sources are newer than the build, but $(id -un) may not write to $root: running what was built before."
      return 0
    fi
    say "is not built yet, and $(id -un) may not write to $root. Let its owner call it once."
    return $EX_UNAVAILABLE
  fi
  # Two launchers at once must not build into the same folder; who comes second finds the work done.
  exec 9>"$root/target/.launcher-build.lock"
  if command -v flock >/dev/null; then flock 9; fi
  if ! is_stale "$jar" "$module"; then return 0; fi
  log=$root/target/launcher-build.log
  say "building (first use, or the sources have changed; log in $log) …"
  (cd "$root" && JAVA_HOME=$jdk mvn -B -Dquick -Dmaven.test.skip=true -pl "$module" -am package 9>&-) 2>&1 |
    tee "$log" | sed -nu 's/^\[INFO\] Building proxy-l3l4 \([a-z][^ ]*\).*\[\(.*\)\]$/  \2 \1/p' >&2 || status=$?
  if ((status != 0)); then
    sed -n '/^\[ERROR\] Failed to execute/q; /^\[ERROR\]/p' "$log" | head -n 20 >&2 || true
    say "the build failed; the whole log is in $log"
    return $EX_SOFTWARE
  fi
  # Maven leaves a jar alone whose content stays the same; without this each call would build again.
  if [[ -f $jar ]]; then touch "$jar"; fi
  exec 9>&-
}

# The service's start is half loading and linking classes. An AOT cache (JEP 483, 514) spares that: it is recorded by a run
# with exactly the same flags, and a JVM that finds it made for other ones does without. PROXY_L3L4_AOT=off does without, too.
# What is older than the jar or than the flags was recorded for something else.
is_recorded() {
  local cache=$1 jar=$2 file
  [[ -e $cache ]] || return 1
  # Of equal age is not older: an image may give all its files one time.
  for file in "$jar" "$root"/bin/{jvm,service}.flags; do [[ ! $file -nt $cache ]] || return 1; done
}

train() {
  local java=$1 jar=$2 main=$3 cache=$4 work pid page port log
  shift 4
  [[ -w ${cache%/*} ]] || return 0
  exec 8>"$cache.lock"
  if command -v flock >/dev/null; then flock 8; fi
  if is_recorded "$cache" "$jar"; then return 0; fi
  say "recording how it starts, for faster starts (first use, or it was built anew) …"
  work=$(mktemp -d) log=$cache.log
  cat >"$work/config.yaml" <<CONFIG
data-dir: $work/data
admin: { address: 127.0.0.1, port: 0 }
engine: { max-flows: 10000, flow-state: { mode: on }, journal: { mode: packets } }
services:
  - { name: tcp, listen: "tcp://127.0.0.1:0", backends: [ { address: "127.0.0.1:9" } ] }
  - { name: udp, listen: "udp://127.0.0.1:0", backends: [ { address: "127.0.0.1:9" } ] }
CONFIG
  # What an earlier recording wrote is not what this one says.
  : >"$log"
  # Within a deadline: every launcher waits for this one.
  timeout --signal=KILL 120 "$java" "$@" -XX:AOTCacheOutput="$cache.new" -cp "$jar" "$main" \
    run --config "$work/config.yaml" 8>&- >"$log" 2>&1 &
  pid=$!
  # A Ctrl-C reaches this shell alone: what it runs in the background ignores it.
  trap 'kill -TERM "$pid" 2>/dev/null; rm -rf "$work" "$cache.new"; exit 130' INT TERM
  until grep -q ' ready after ' "$log"; do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  # One look at each page, as whoever waits for readiness takes.
  port=$(sed -n 's|.* admin: http://127.0.0.1:||p' "$log")
  for page in /readyz /status /metrics; do
    { exec 7<>"/dev/tcp/127.0.0.1/$port" && printf 'GET %s HTTP/1.0\r\n\r\n' "$page" >&7 && cat <&7 && exec 7>&-; } >/dev/null 2>&1 || true
  done
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || true
  trap - INT TERM
  rm -rf "$work"
  if [[ -f $cache.new ]]; then
    mv "$cache.new" "$cache"
  else
    say "recording failed, so starts take longer; the log is $log"
    # Not again before the next build.
    : >"$cache"
  fi
  exec 8>&-
}

launch() {
  local module=$1 main=$2 jdk app jar cache
  shift 2
  local -a flags=() aot=()
  while [[ $1 != -- ]]; do
    flags+=("@$root/bin/$1")
    shift
  done
  shift
  jdk=$(find_jdk) || exit
  # In the tree the jars stand where Maven puts them, in an image or a package under app/.
  if [[ -f $root/pom.xml ]]; then app=$root/$module/target/app; else app=$root/app; fi
  jar=$app/$module-$(<"$root/.version").jar
  if [[ -f $root/pom.xml ]] && is_stale "$jar" "$module"; then
    build "$module" "$jar" "$jdk" || exit
  fi
  if [[ ! -f $jar ]]; then
    say "$jar is missing: the installation is incomplete."
    exit $EX_UNAVAILABLE
  fi
  cache=$app/$module.aot
  if [[ $module == engine && ${PROXY_L3L4_AOT:-on} != off ]]; then
    if [[ -f $root/pom.xml || ${1:-} == --record-start ]] && ! is_recorded "$cache" "$jar"; then
      train "$jdk/bin/java" "$jar" "$main" "$cache" "${flags[@]}"
    fi
    # Other flags by JAVA_OPTS, or another JDK: the JVM then does without, and nobody needs to hear of it at each start.
    if [[ -s $cache ]] && is_recorded "$cache" "$jar"; then aot=(-XX:AOTCache="$cache" -Xlog:aot=off -Xlog:cds=off); fi
  fi
  if [[ ${1:-} == --record-start ]]; then exit 0; fi
  # JAVA_OPTS are words, not one argument.
  # shellcheck disable=SC2086
  exec "$jdk/bin/java" "${flags[@]}" "${aot[@]}" ${JAVA_OPTS:-} ${PROXY_L3L4_JAVA_OPTS:-} -cp "$jar" "$main" "$@"
}
