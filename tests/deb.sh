#!/bin/sh
# deb.sh BUILD SOURCE FOLDER CC: the package that cpack makes of the folder BUILD says what it needs and
# holds what it should. Unpacked into FOLDER, its command runs, and an example is built with its library.
set -eu
build=$1 source=$2 folder=$3 cc=$4
for tool in cpack dpkg-deb dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
fail() {
    echo "deb.sh: $*"
    exit 1
}

rm -rf "$folder"
mkdir -p "$folder"
cd "$build"
cpack -G DEB -B "$folder/made" >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
cd "$folder"
version=$(sed -n 's/^#define WR_VERSION "\(.*\)"/\1/p' "$source/include/windrow/version.h")
package=$(echo made/windrow_"$version"_*.deb)
dpkg-deb -I "$package" >control
cat control
for line in "Package: windrow" "Version: $version" "Maintainer: .*<.*>" "Depends: .*libjansson4.*" \
    "Depends: .*libsqlite3-0.*" "Description: Thousands of small recurrent networks.*"; do
    grep -qx " $line" control || fail "no line \"$line\""
done

dpkg-deb -x "$package" root
library=$(find root/usr/lib -name windrow.pc)
library=${library%/pkgconfig/windrow.pc}
for file in usr/bin/windrow usr/include/windrow/windrow.h usr/share/man/man1/windrow.1 \
    usr/share/man/man1/windrow-train.1 usr/share/bash-completion/completions/windrow \
    usr/share/zsh/vendor-completions/_windrow usr/share/fish/vendor_completions.d/windrow.fish; do
    [ -s root/$file ] || fail "no $file"
done
cmp root/usr/share/doc/windrow/copyright "$source/LICENSE"
[ -s "$library/cmake/windrow/windrow-config.cmake" ] || fail "no package for CMake"
dpkg-deb -c "$package" | grep -v '^[dl-][rwx-]* root/root ' && fail "files of somebody else"

export LD_LIBRARY_PATH="$folder/$library"
[ "$(root/usr/bin/windrow --version)" = "$("$build/windrow" --version)" ] || fail "another command"
command -v pkg-config >/dev/null || exit 0
export PKG_CONFIG_PATH="$folder/$library/pkgconfig"
static=--static
[ ! -e "$library/libwindrow.so" ] || static=
options=$(pkg-config $static --cflags --libs windrow)
case $options in
*"$folder/$library"*) ;;
*) fail "not the package's library: $options" ;;
esac
"$cc" -std=c11 "$source/examples/train.c" -o train $options
./train ensemble
[ -s ensemble ] || fail "nothing saved"
