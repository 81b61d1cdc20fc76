#!/bin/sh
# Every learning method of the table: it trains on batches with and without unlabeled samples, gives the same bytes twice and
# after its input has ended, and its models segment.
. "$(dirname "$0")/lib.sh"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1

"$phantom" 4 8 32 1 > labeled.pms && "$phantom" 4 8 32 2 1 unlabeled=0 unlabeled=1 unlabeled=2 unlabeled=3 > unlabeled.pms &&
	"$phantom" 3 1 32 3 > valid.pms || exit 1
pymic-batch --labeled 2 --unlabeled 2 labeled.pms unlabeled.pms > mixed.pms 2> log
"$phantom" 4 8 32 2 > doubted.pms
pymic-batch --labeled 2 --unlabeled 2 labeled.pms doubted.pms > both.pms 2> log
"$phantom" 4 2 32 1 > few.pms && "$phantom" 4 2 32 2 1 unlabeled=0 unlabeled=1 unlabeled=2 unlabeled=3 > others.pms
pymic-batch --labeled 2 --unlabeled 2 few.pms others.pms > begun.pms 2> log
"$phantom" 4 2 32 2 > doubted.pms
pymic-batch --labeled 2 --unlabeled 2 few.pms doubted.pms > both-begun.pms 2> log

# The network that has what a method needs.
net_of() {
	case $1 in
	urpc) echo unet:multiscale ;;
	cct) echo cctnet ;;
	mcnet) echo mcnet ;;
	dmpls | dmsps | dast) echo dbnet ;;
	ctct) echo unet:up=conv:chns=4,8:dropout=0+unet ;;
	psseg) echo tdnet ;;
	*) echo unet ;;
	esac
}

# What it is told beside its name. sup comes first, and has left a model.
spec_of() {
	case $1 in
	kd) echo kd:teacher=sup/best.pmm ;;
	dan) echo dan:critic=4x8 ;;
	*) echo "$1" ;;
	esac
}

# run FOLDER INPUT
run() { pymic-train --net "$(net_of "$agent"):chns=4,8,16:dropout=0.1" --classes 3 --iters 8 --valid-every 4 --valid valid.pms --agent "$(spec_of "$agent")" -j1 -o "$1" < "$2"; }

# reconstruct and vox2vec look at no label: see pretrain.t
for agent in $(pymic-train --list=agent | awk '$1 !~ /^(reconstruct|vox2vec)$/ { print $1 }'); do
	mixed=mixed.pms begun=begun.pms
	[ "$agent" = dast ] && mixed=both.pms begun=both-begun.pms
	run "$agent" $mixed > table 2> log
	ok $? "$agent: trains where some samples have no label"
	run "$agent-again" $mixed > out 2> log
	cmp "$agent/last.pmm" "$agent-again/last.pmm"
	ok $? "$agent: the same bytes from the same seed"
	run "$agent-halves" $begun > out 2> log
	run "$agent-halves" $mixed > out 2> log
	cmp "$agent/last.pmm" "$agent-halves/last.pmm"
	ok $? "$agent: and when its input ended in between"
	run "$agent-all" labeled.pms > out 2> log
	is $? $([ "$agent" = dast ] && echo 2 || echo 0) "$agent: trains where all have one, if they need not be told apart"
	pymic-infer -m "$agent/best.pmm" < valid.pms 2> log | pymic-eval --labels 1,2 --metrics dice > scores 2> log
	is "$(grep -c '^case_' scores)" 3 "$agent: its model segments"
	awk 'BEGIN { FS = "[\t,]" } FNR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		FILENAME == "table" { if ($column["valid"] > best) best = $column["valid"]; next }
		$1 == "mean" { d = $column["mean_dice"] - best; exit !(d < 1e-3 && d > -1e-3) }' table scores
	ok $? "$agent: as well as validation said"
done
status 0 "cct: with a network of several scales beside its decoders" sh -c "pymic-train --net tdnet:chns=4,8,8,8,8:dropout=0 --classes 3 --iters 2 \
	--agent cct -j1 -o scales < mixed.pms"
done_testing
