#!/bin/sh
# Sets the version of all POMs, and of the dependencies that README, guides and examples show.
#   tools/release/set_version.sh VERSION
set -eu

root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
new=${1:?give the new version, such as 0.2.0}
case $new in
  *[!0-9A-Za-z.-]*) echo "$new is not a version; give one such as 0.2.0 or 0.3.0-SNAPSHOT" >&2; exit 2 ;;
esac
cd "$root"
old=$(sed -n '/<artifactId>likeness-parent</{n;s/.*<version>\([^<]*\)<.*/\1/p;}' pom.xml)
case $old in
  "") echo "$root/pom.xml has no version after its artifactId" >&2; exit 2 ;;
esac
pattern=$(printf '%s' "$old" | sed 's/\./\\./g')
find . -name target -prune -o -name .git -prune -o \( -name pom.xml -o -name build.gradle -o -name '*.md' \) -print |
  while read -r file; do
    sed -e "/<artifactId>likeness-[a-z0-9_-]*</{" -e 'n' -e "s/<version>$pattern</<version>$new</" -e '}' \
      -e "s/<likeness.version>$pattern</<likeness.version>$new</" \
      -e "s/\(likeness-[a-z0-9_-]*[:-]\)$pattern\([^0-9A-Za-z.-]\|\.jar\)/\1$new\2/g" \
      -e "s/\(likenessVersion.*'\)$pattern'/\1$new'/" "$file" > "$file.new"
    if cmp -s "$file" "$file.new"; then
      rm "$file.new"
    else
      cat "$file.new" > "$file"
      rm "$file.new"
      echo "$file"
    fi
  done
