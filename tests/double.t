#!/bin/sh
# The double build: gradients against differences, networks against golden values.
TESTS=$DOUBLE exec sh "$(dirname "$0")/units.t"
