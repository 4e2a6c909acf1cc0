#!/bin/sh
# Makes what must travel to a machine with a GPU, in parts of at most 60 MiB with their SHA-256, and says how many.
#   pack.sh [cuda|cpu] [OUT]
# OUT (out/gpu, which git ignores) receives SHA256SUMS and the parts of one xz archive: a Java runtime, the class path,
# the native libraries, the wheels that diffusers needs there, and the scripts of this folder. CUDA, cuDNN and NCCL come
# from the Python packages of that machine. `cpu` packs the CPU's libraries in the same layout, for a rehearsal.
# Environment: LEVEL (6) of xz; ARCHITECTURE (90), the only GPUs whose code is kept; WORK, where the libraries are
# unpacked; REPOSITORY, Maven's local repository, where the large GPU libraries must not lie in the usual one.
# Needs a JDK and Python.
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
kind=${1:-cuda}
out=${2:-$root/out/gpu}
level=${LEVEL:-6}
most=5
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")}
work=${WORK:-$(mktemp -d)}
proof=$work/proof
say() { echo "pack: $*" >&2; }
version() { sed -n "s:.*<$1\.version>\(.*\)</.*:\1:p" "$root/bom/pom.xml"; }
# The file of an artifact: GROUP ARTIFACT VERSION CLASSIFIER.
artifact() {
  repository=${REPOSITORY:-$HOME/.m2/repository}
  file=$repository/$(echo "$1" | tr . /)/$2/$3/$2-$3-$4.jar
  [ -f "$file" ] || mvn -B -q "-Dmaven.repo.local=$repository" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get -Dtransitive=false "-Dartifact=$1:$2:$3:jar:$4" >&2
  echo "$file"
}

case $kind in
  cuda) classifier=linux-x86_64-gpu ;;
  cpu) classifier=linux-x86_64 ;;
  *) echo "usage: pack.sh [cuda|cpu] [OUT]" >&2; exit 2 ;;
esac
list=$root/benchmarks/target/classpath.txt
[ -f "$list" ] || (cd "$root" && mvn -B -q -DskipTests package -pl benchmarks -am >&2)
rm -rf "$proof" "$out"
mkdir -p "$proof/lib" "$proof/natives" "$proof/wheels" "$proof/tokenizers" "$out"

say "the Java runtime"
modules=java.desktop,java.logging,java.management,java.naming,java.net.http,java.sql,java.xml
"$java_home/bin/jlink" --add-modules "$modules,jdk.management,jdk.unsupported,jdk.zipfs,jdk.crypto.ec" \
  --strip-java-debug-attributes --no-header-files --no-man-pages --output "$proof/java"
find "$proof/java" -name '*.so' -exec strip --strip-unneeded {} + 2>/dev/null || true
# The archive of shared classes is rebuilt at the first start.
rm -rf "$proof/java/lib/server/classes.jsa" "$proof/java/lib/server/classes_nocoops.jsa" "$proof/java/legal"

say "the class path"
# Natives of other kinds and platforms stay here; the rest goes into one folder of jars.
tr ':' '\n' < "$list" | grep '\.jar$' | grep -v -- '-platform-' | while read -r jar; do
  case $(basename "$jar") in
    *-macosx-* | *-windows-* | *-linux-* | *-android-* | *-ios-*) ;;
    *) cp "$jar" "$proof/lib/" ;;
  esac
done
for module in schedulers diffusion-core identity-photos identity-lora identity-ipadapter headshots portrait-model \
  benchmarks; do
  classes=$root/$module/target/classes
  [ -d "$classes" ] || { say "$module is not built; run mvn package -DskipTests -pl benchmarks -am"; exit 4; }
  # Jars of the reactor are replaced by what is compiled now.
  rm -f "$proof/lib/likeness-$module"-*.jar
  "$java_home/bin/jar" --create --no-compress --file "$proof/lib/likeness-$module.jar" -C "$classes" .
done

say "the native libraries"
unpack() { unzip -q -o "$1" 'org/*' -d "$proof/natives"; }
pytorch=$(version pytorch)
unpack "$(artifact org.bytedeco pytorch "$pytorch" "$classifier")"
unpack "$(artifact org.bytedeco javacpp "${pytorch##*-}" linux-x86_64)"
unpack "$(artifact org.bytedeco openblas "0.3.31-${pytorch##*-}" linux-x86_64)"
unpack "$(artifact org.bytedeco opencv "$(version opencv)" linux-x86_64)"
if [ "$kind" = cuda ]; then
  unpack "$(artifact org.bytedeco cuda "$(version cuda)" linux-x86_64)"
  library=$(find "$proof/natives" -name libtorch_cuda.so)
  python3 "$root/tools/gpu/blank.py" "$library" "$library.small" "${ARCHITECTURE:-90}" >&2
  mv "$library.small" "$library"
fi
find "$proof/natives" -name '*.so*' -type f -exec strip --strip-unneeded {} + 2>/dev/null || true
find "$proof/natives" -type f \
  \( -path '*/include/*' -o -path '*/share/java/*' -o -path '*/python/*' -o -name '*_gapi*' \) -delete
# JavaCPP wants them in a jar, and unpacks it at the first start.
"$java_home/bin/jar" --create --no-compress --file "$proof/lib/natives.jar" -C "$proof/natives" .
rm -r "$proof/natives"

say "the wheels"
# Pure Python alone, for any Python of that machine: what its image may lack for diffusers.
python3 -m pip download -q --no-deps --only-binary=:all: --disable-pip-version-check --python-version 3.12 \
  --implementation py --abi none --platform any -d "$proof/wheels" diffusers==0.42.1 importlib_metadata==8.7.0 \
  zipp==3.23.0 requests==2.34.2 charset_normalizer==3.5.3 idna urllib3==2.8.0 certifi >&2 \
  || say "the wheels cannot be downloaded; comparisons with diffusers will be skipped"

say "tokenizers and scripts"
golden=$root/diffusion-core/src/test/resources/golden
for pair in clip:sd1/tokenizers/sd1-today t5:t5/today qwen:qwen/today; do
  mkdir "$proof/tokenizers/${pair%%:*}"
  cp "$golden/${pair#*:}"/* "$proof/tokenizers/${pair%%:*}/"
done
find "$proof/tokenizers" -name '*.gz' -exec gunzip {} +
cp "$root"/tools/gpu/*.sh "$root"/tools/gpu/*.py "$root"/tools/measuring/*.py "$proof/"
git -C "$root" rev-parse --short=8 HEAD > "$proof/commit" 2>/dev/null || echo unknown > "$proof/commit"

say "the parts: $(du -sm "$proof" | cut -f1) MiB before xz, level $level"
tar -c --sort=name --owner=0 --group=0 --mtime=@0 -C "$work" proof | xz "-$level" --threads=0 \
  | split --bytes=60M --numeric-suffixes=1 --suffix-length=2 - "$out/part-"
(cd "$out" && sha256sum part-* > SHA256SUMS)
count=$(wc -l < "$out/SHA256SUMS")
[ -n "${WORK:-}" ] || rm -rf "$work"
say "$count parts, $(du -cm "$out"/part-* | tail -n 1 | cut -f1) MiB in $out"
[ "$count" -le "$most" ] || { say "more than $most parts are too many for a quarter of an hour: cut more"; exit 1; }
