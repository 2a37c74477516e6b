#!/bin/bash -eu
exec "$SRC/refublk/fuzz/oss-fuzz/build.sh"
