#!/bin/sh
# Builds the command and copies what it needs to FOLDER: bin/likeness and, in lib, jars with natives of this platform.
#   tools/docker/layout.sh FOLDER [MAVEN-OPTION ...]
set -eu

folder=${1:?usage: layout.sh FOLDER [MAVEN-OPTION ...]}
shift
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
case $root in
  *:*)
    echo "layout.sh: the path of this checkout, $root, contains ':', which no class path can contain;" \
      "move the checkout to a path without ':'" >&2
    exit 4 ;;
esac

(cd "$root" && mvn -B -q -DskipTests "$@" package -pl cli -am)
mkdir -p "$folder/bin" "$folder/lib"
set -- "$root"/cli/target/likeness-cli-*[!cs].jar
cp "$1" "$folder/lib/"
tr ':' '\n' < "$root/cli/target/classpath.txt" | while read -r jar || [ -n "$jar" ]; do cp "$jar" "$folder/lib/"; done
cp "$root/LICENSE" "$root/NOTICE" "$folder/"
cp "$root/cli/bin/likeness-variables" "$root/tools/docker/likeness" "$folder/bin/"
