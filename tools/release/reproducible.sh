#!/bin/sh
# Builds the last commit twice in two folders, as a release, and compares all jars and bills of materials.
#   tools/release/reproducible.sh [MAVEN-OPTION ...]
# -Pspark,integrations compares the modules of integrations too. Offline (-o), Maven makes no bills of materials.
set -eu

root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

commit=$(git -C "$root" rev-parse HEAD)
for copy in first second/deeper; do
  mkdir -p "$work/$copy"
  git -C "$root" archive "$commit" | tar -x -C "$work/$copy"
  (cd "$work/$copy" && mvn -B -q -Prelease -DskipTests "$@" package)
done

cd "$work/first"
find . \( -path '*/target/*.jar' -o -path '*/target/bom.json' \) ! -path './examples/*' ! -path './benchmarks/*' \
  ! -path '*/target/jars/*' ! -path '*/target/spark-home/*' | sort > "$work/jars"
differing=0
while read -r jar; do
  cmp "$jar" "$work/second/deeper/$jar" || differing=$((differing + 1))
done < "$work/jars"
echo "$(wc -l < "$work/jars") files compared, $differing differ"
[ -s "$work/jars" ] && [ "$differing" = 0 ]
