#!/bin/sh
# Puts the parts of pack.sh together outside the tree, and checks them.
#   unpack.sh FOLDER [PARTS]
# PARTS (out/gpu) holds SHA256SUMS and some or all of its parts, so that parts may arrive one by one: each call takes
# those that it finds, and the last one unpacks. FOLDER receives them and then the folder `proof` of prove.sh.
# Exit status: 0 unpacked; 1 parts are still missing; 3 a part is broken.
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
[ $# -ge 1 ] || { echo "usage: unpack.sh FOLDER [PARTS]" >&2; exit 2; }
folder=$1
parts=${2:-$root/out/gpu}
[ -f "$parts/SHA256SUMS" ] || { echo "unpack: $parts has no SHA256SUMS; run pack.sh first" >&2; exit 3; }
mkdir -p "$folder/parts"
cp "$parts/SHA256SUMS" "$folder/parts/"
missing=
while read -r sum name; do
  if [ -f "$parts/$name" ]; then
    cp "$parts/$name" "$folder/parts/$name.new"
    if ! echo "$sum  $folder/parts/$name.new" | sha256sum --check --status; then
      rm "$folder/parts/$name.new"
      echo "unpack: $name does not have the SHA-256 of SHA256SUMS; copy it again" >&2
      exit 3
    fi
    mv "$folder/parts/$name.new" "$folder/parts/$name"
  fi
  [ -f "$folder/parts/$name" ] || missing="$missing $name"
done < "$parts/SHA256SUMS"
if [ -n "$missing" ]; then
  echo "unpack: still missing:$missing" >&2
  exit 1
fi
# Earlier parts may have lain there for long.
(cd "$folder/parts" && sha256sum --check --quiet SHA256SUMS) || exit 3
rm -rf "$folder/proof"
(cd "$folder/parts" && cut -c67- SHA256SUMS | xargs cat) | xz --decompress --threads=0 --stdout | tar -x -C "$folder"
echo "unpack: $(wc -l < "$parts/SHA256SUMS") parts are in $folder/proof"
