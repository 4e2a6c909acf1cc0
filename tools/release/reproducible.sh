#!/bin/sh
# Builds the last commit twice in two folders, as a release, and compares all jars byte by byte.
#   tools/release/reproducible.sh [MAVEN-OPTION ...]
set -eu

root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

for copy in first second/deeper; do
  mkdir -p "$work/$copy"
  git -C "$root" archive HEAD | tar -x -C "$work/$copy"
  (cd "$work/$copy" && mvn -B -q -Prelease -DskipTests "$@" package)
done

cd "$work/first"
find . -path '*/target/*.jar' ! -path './examples/*' ! -path './benchmarks/*' | sort > "$work/jars"
differing=0
while read -r jar; do
  cmp "$jar" "$work/second/deeper/$jar" || differing=$((differing + 1))
done < "$work/jars"
echo "$(wc -l < "$work/jars") jars compared, $differing differ"
[ -s "$work/jars" ] && [ "$differing" = 0 ]
