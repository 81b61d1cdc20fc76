#!/bin/sh
# pymic-batch: how samples become batches; and what --info and --check say of streams.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
samples() { "$TESTS/samples" "$@"; }
cd "$work" || exit 1

# batches NAME WANTED INPUT OPTION...: what comes out of an input, a line per batch: ids, groups, image:label:weight.
batches() {
	name=$1 want=$2 in=$3
	shift 3
	rc=0
	pymic-batch "$@" < "$in" > out.pms 2> err || rc=$?
	is "$rc
$("$TESTS/records" batches out.pms)" "0
$want" "$name"
}
# refused STATUS PATTERN INPUT OPTION...
refused() {
	want=$1 pattern=$2 in=$3
	shift 3
	rc=0
	pymic-batch "$@" < "$in" > out.pms 2> err || rc=$?
	is "$rc" "$want" "refused: $pattern"
	like "$(cat err)" "^pymic-batch: .*$pattern" "and said in a line"
}

samples make LULULULU > mixed.pms
samples make LLLLUUUU > blocks.pms
samples make LLLLLLL a > a.pms
samples make UUUUUUU b > b.pms
samples make WWWW c > c.pms
batches "labeled and unlabeled, interleaved" "0,2,1 2:1 3:2:0
4,6,3 2:1 3:2:0" mixed.pms --labeled 2 --unlabeled 1
like "$(cat err)" "2 samples at the end did not fill a batch" "those left over are counted"
batches "one group after the other" "0,1,4,5 2:2 4:2:0
2,3,6,7 2:2 4:2:0" blocks.pms -l 2 -u 2
batches "plain batches, labels first" "0,2,1 2:1 3:2:0
4,3,5 1:2 3:1:0" mixed.pms --size 3
batches "the last one may be kept" "0,2,1 2:1 3:2:0
4,3,5 1:2 3:1:0
6,7 1:1 2:1:0" mixed.pms --size 3 --keep-last
is "$(cat err)" "" "nothing is left over then"
batches "unlabeled ones alone" "b0,b1,b2,b3,b4,b5,b6 0:7 7:0:0" b.pms --unlabeled 7
batches "two inputs" "a0,a1,b0 2:1 3:2:0
a2,a3,b1 2:1 3:2:0
a4,a5,b2 2:1 3:2:0" /dev/null -l 2 -u 1 a.pms b.pms
is "$(pymic-load --info out.pms | awk '$1 == "history" { printf "%s%s", s, $2; s = " " }')" "madea madeb pymic-batch" "the history tells of both"
batches "two inputs with labels keep them all, and the weights" "a0,c0,c1 1:2 3:3:3
a1,c2,c3 1:2 3:3:3" /dev/null -l 1 -u 2 a.pms c.pms
batches "the last of two inputs" "a0,a1,a2,a3,b0 4:1 5:4:0
a4,a5,a6,b1 3:1 4:3:0" b.pms -l 4 -u 1 --keep-last a.pms -
mkfifo one two
samples make LLLL a > one &
samples make UUUU b > two &
batches "two pipes" "a0,a1,b0,b1 2:2 4:2:0
a2,a3,b2,b3 2:2 4:2:0" /dev/null -l 2 -u 2 one two

# Parts of other samples: the voxels of sample i are i in both channels and i modulo 4 in the label; W weighs 0.5.
# mixed WANTED NAME INPUT OPTION...: "sample:samples that are in it", all voxels of which agree with their labels and weights.
mixed() {
	want=$1 name=$2 in=$3
	shift 3
	pymic-batch "$@" < "$in" > out.pms 2> err
	for field in image label weight; do
		"$TESTS/records" all out.pms $field | sed "s/^/$field /"
	done 2> /dev/null | awk '
		$1 == "image" { i = n++; s = int(i / 12); v = i % 6; if (i % 12 < 6) one[s, v] = $2; else bad += one[s, v] != $2; if (!index(in_[s], $2)) in_[s] = in_[s] $2 }
		$1 == "label" { k = l++; bad += one[int(k / 6), k % 6] % 4 != $2 }
		$1 == "weight" { k = w++; bad += (one[int(k / 6), k % 6] < 2 ? 0.5 : 1) != $2 }
		END { for (s = 0; s * 12 < n; s++) printf "%s ", in_[s]; print bad + 0 }' > in
	like "$(cat in)" "$want" "$name"
}
samples make WWLLUU > parts.pms
mixed "^0 1 2 3 4 5 0$" "nothing is mixed unless asked for" parts.pms -l 4 -u 2
mixed "^[0-3]+ [0-3]+ [0-3]+ [0-3]+ 4 5 0$" "--cutmix: boxes with their labels and weights; of labeled samples alone" parts.pms -l 4 -u 2 --cutmix 1 --seed 3
like "$(cat in)" "[0-3][0-3]" "some samples are of two"
cp out.pms mix.pms
pymic-batch -l 4 -u 2 --cutmix 1 --seed 3 < parts.pms | cmp -s - mix.pms
ok $? "the same from the same seed"
pymic-batch -l 4 -u 2 --cutmix 1 --seed 4 < parts.pms > other.pms
[ "$("$TESTS/records" digest mix.pms)" != "$("$TESTS/records" digest other.pms)" ]
ok $? "and something else from another"
mixed "^[0-3] [0-3] [0-3] [0-3] 4 5 0$" "--paste: a class, here a whole sample" parts.pms -l 4 -u 2 --paste 1
like "$(cat in)" "^([^0] . . .|. [^1] . .|. . [^2] .|. . . [^3])" "is copied"
samples make LLL one > one.pms
samples make LLLLLL six > six.pms
mixed "^0 [01]+ [01]+ 1 [23]+ [23]+ 2 [45]+ [45]+ 0$" "of two inputs each is mixed by itself" /dev/null -l 1 -u 2 --cutmix 1 one.pms six.pms
refused 2 "cutmix" parts.pms -n 4 --cutmix 2

# The reader knows what it needs: the endless inputs end with it.
rc=0
samples endless LU | { pymic-batch -l 2 -u 2 || echo $? > rc; } | head -c 100000 > /dev/null
is "$(cat rc 2> /dev/null)" "" "an early reader ends it quietly"

refused 2 "either --labeled and --unlabeled, or --size" mixed.pms
refused 2 "either --labeled and --unlabeled, or --size" mixed.pms --size 2 --labeled 1
refused 2 "two inputs need both" mixed.pms --size 2 a.pms b.pms
refused 2 "3 inputs" mixed.pms -l 1 -u 1 a.pms b.pms c.pms
refused 2 "out of range|between|at most|4096" mixed.pms -l 5000
refused 1 "out of balance: 3 samples with a label are waiting for one with no label" blocks.pms -l 1 -u 1 --queue 2
refused 1 "this sample has no label, but --unlabeled is 0" mixed.pms --labeled 2
refused 1 "this sample has a label, but --labeled is 0" mixed.pms --unlabeled 2
refused 1 "the input has no labels, but --labeled is 2" b.pms --labeled 2
refused 1 "b0: this sample of the first input has no label|has no labels" mixed.pms -l 1 -u 1 b.pms a.pms
samples make LSL > sizes.pms
refused 1 "1: the image is 2x1x2x4, but 0 has 2x1x2x3" sizes.pms --size 2
samples make LB > large.pms
refused 1 "1: label 300" large.pms --size 2
pymic-batch --size 2 < mixed.pms > batch.pms
refused 3 'kind "batch"' batch.pms --size 2
refused 3 'nowhere.pms' batch.pms --size 2 nowhere.pms

# Each way in which an input may end badly, from either side.
samples make LLX b > died.pms 2> /dev/null
head -c 500 b.pms > cut.pms
refused 3 "died.pms: madeb: the disk is on fire" /dev/null -l 1 -u 1 a.pms died.pms
status 3 "the reader learns the first cause" pymic-batch --size 1 out.pms
status 1 "and so does a check" pymic-load --check out.pms
like "$(cat "$work/out")" "bad.*madeb: the disk is on fire" "which says it"
refused 3 "cut.pms: truncated" /dev/null -l 1 -u 1 a.pms cut.pms

pymic-batch --size 2 -o named.pms < mixed.pms
cmp -s named.pms batch.pms
is $? 1 "the history knows the options"
rc=0
pymic-batch --size 2 -o never.pms cut.pms 2> err || rc=$?
is "$rc $(ls never.pms* 2> /dev/null)" "3 " "a failed run leaves no file"

# --check and --info
tab=$(printf '\t')
status 1 "--check" pymic-load --check mixed.pms cut.pms batch.pms
is "$(cut -f 1-5 "$work/out")" "file${tab}status${tab}kind${tab}records${tab}bytes
mixed.pms${tab}ok${tab}sample${tab}8${tab}240
cut.pms${tab}bad${tab}sample${tab}3${tab}72
batch.pms${tab}ok${tab}batch${tab}4${tab}408" "a line per file"
like "$(sed -n 3p "$work/out")" "cut.pms: truncated" "and why a file is bad"
is "$(pymic-batch --size 4 mixed.pms | pymic-load --check - | tail -n 1)" "-${tab}ok${tab}batch${tab}2${tab}408${tab}${tab}${tab}${tab}${tab}${tab}" "a pipe"
status 0 "--info" pymic-load --info batch.pms
like "$(cat "$work/out")" "^kind	batch" "the kind"
like "$(cat "$work/out")" "^field	label u8 rank 4" "the fields"
like "$(cat "$work/out")" "^history	pymic-batch [0-9.]+	--size 2" "and the history"
done_testing
