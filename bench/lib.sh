# lib.sh: what bench/run and bench/gpu share: settings, rows, training steps, inference, the table. Sourced by both.
# Settings come from the environment, or from who sources this.
bench=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$bench")
out=$root/build/bench
PATH=$out:$root/build/bin:$root/build/tests:$PATH
PYTHON=${PYTHON:-python3}
ROUNDS=${ROUNDS:-3}
STEPS=${STEPS:-7}
WARM=${WARM:-1}                # steps that come before and do not count
THREADS=${THREADS:-0}
DEVICE=${DEVICE:-cpu}          # as pymic-train --device; of its peers too
OURS=${OURS:-f32 bf16}         # precisions, or precision-fast: with --fast
[ "$DEVICE" = cpu ] && memory=MB || memory="host MB"
TTA=${TTA:-none}               # as pymic-infer --tta; of its peers on a GPU too
[ "$THREADS" -gt 0 ] || THREADS=$(nproc)
export TORCHINDUCTOR_CACHE_DIR="$out/inductor" PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1

SHAPES2D=${SHAPES2D:-8x1x256x256 16x1x192x192}
SHAPES3D=${SHAPES3D:-4x1x96x96x96 2x1x64x160x160}
TRAINERS=${TRAINERS-f32 f32-cl bf16-cl compile}                       # of PyTorch
RUNNERS=${RUNNERS-f32 f32-cl bf16-cl openvino-f32 openvino-bf16}      # of inference
IMAGE=${IMAGE:-512x512}        # segmented whole
VOLUME=${VOLUME:-160x256x256}  # segmented in windows
WINDOW=${WINDOW:-96,96,96}
REPEATS=${REPEATS:-1}          # volumes in a measurement of inference, and ten times as many images
LIMIT=${LIMIT:-600}            # seconds, for one measurement
CHNS=16,32,64,128,256
DROPOUT=0,0,0,0.5,0.5
net2d=unet:chns=$CHNS:dropout=$DROPOUT
net3d=unet:dims=3:chns=$CHNS:dropout=$DROPOUT

row() { printf '%s\t%s\t%s\t%s\n' "$@"; }
peer() { "$PYTHON" "$bench/peers.py" "$@"; }
# Whether all these modules are there, by the list of versions that is made at the start.
have() {
	for module; do
		grep -q "^$module	[^-]" "$out/versions" || return 1
	done
}

# WHAT ENGINE UNIT COMMAND: it writes "measure, value" (one of them in UNIT) and something when its first step is done.
measure() {
	what=$1 engine=$2 unit=$3
	shift 3
	if timeout "$LIMIT" timed "$out/said" "$@" > "$out/time" 2> "$out/error"; then
		awk -F '\t' -v OFS='\t' -v what="$what" -v engine="$engine" 'NF == 2 { print what, $1, engine, $2 }' "$out/said"
		awk -F '\t' -v OFS='\t' -v what="$what" -v engine="$engine" -v memory="$memory" \
			'{ print what, "first step s", engine, $1; print what, memory, engine, $3 }' "$out/time"
	else
		status=$?
		[ $status = 124 ] && why="more than $LIMIT s" || why=$(grep -v '^ *$' "$out/error" | tail -n 1 | cut -c 1-120)
		row "$what" "$unit" "$engine" "not run: ${why:-status $status}"
	fi
}

# Seconds of a command, and seconds until it wrote something ("-": it wrote nothing).
seconds() { timed /dev/null "$@" | cut -f 2; }
first() { timed /dev/null "$@" 2> "$out/error" | cut -f 1; }

# FOLDER CASES SIZE: images and labels as NIfTI, and a list. Two axes: one slice.
made_list() {
	rm -rf "$1"
	mkdir -p "$1"
	set -- "$1" "$2" $(echo "$3" | tr x ' ')
	[ $# = 5 ] || set -- "$1" "$2" 1 "$3" "$4"
	made balls "$@"
}

peak_ready() { :; }
peak() { command peak "$THREADS" | awk -F '\t' -v OFS='\t' '{ print "machine", $1, "peak", $2 }'; }

# What pymic is told of one of OURS.
device_of() { echo "--device $DEVICE --precision ${1%-fast}" $(case $1 in *-fast) echo --fast ;; esac); }

# --- training steps ---

steps() {
	for shape in $2; do
		for p in $OURS; do
			measure "$3 $shape" "pymic $p" ms step --net "$1" --shape "$shape" $(device_of $p) \
				--steps "$STEPS" --warm "$WARM" -j "$THREADS"
		done
		for mode in $TRAINERS; do
			# The first round compiles, later ones find what it made: that is no first step from nothing.
			[ "$mode" = compile ] && [ "$round" -gt 1 ] && late="first step s" || late='^$'
			have torch && measure "$3 $shape" "torch $mode" ms "$PYTHON" "$bench/peers.py" step --mode "$mode" --device "$DEVICE" \
				--shape "$shape" --chns $CHNS --dropout $DROPOUT --steps "$STEPS" --warm "$WARM" --threads "$THREADS" | grep -v "$late" || :
		done
	done
}
step2d_ready() { rm -rf "$TORCHINDUCTOR_CACHE_DIR"; }
step2d() { steps $net2d "$SHAPES2D" "UNet2D step"; }
step3d_ready() { rm -rf "$TORCHINDUCTOR_CACHE_DIR"; }
step3d() { steps $net3d "$SHAPES3D" "UNet3D step"; }

# --- inference: what N more images cost; so neither the start of a process nor reading the model counts ---

# NAME SIZE NET N PATCH: a model of one training step, a stream of one image, and one of 1 + N.
infer_data() {
	made_list "$out/$1" 1 "$2"
	(
		cd "$out/$1"
		pymic-load list.csv | pymic-augment normalize -o one.pms
		pymic-load one.pms --epochs $((1 + $4)) -o more.pms
		pymic-augment "crop:size=$5" < one.pms | pymic-train --device cpu --net "$3" --classes 4 --batch 1 --iters 1 -o model > log
	) 2> "$out/error" || { cat "$out/error" >&2; exit 1; }
}

# WHAT NAME N [WINDOW]
infer_one() {
	what=$1 data=$out/$2 more=$3 window=${4:-}
	for p in $OURS; do
		set -- pymic-infer -m "$data/model/last.pmm" $(device_of $p) -j "$THREADS" --tta "$TTA" ${window:+--window "$window"}
		if ! one=$(timed "$data/pred-$p.pms" "$@" < "$data/one.pms" 2> "$out/error") || ! all=$(timed /dev/null "$@" < "$data/more.pms" 2> "$out/error"); then
			row "$what" s "pymic $p" "not run: $(tail -n 1 "$out/error" | cut -c 1-120)"
			continue
		fi
		one=$(echo "$one" | cut -f 2)
		echo "$one $all" | awk -v n="$more" -v OFS='\t' -v what="$what" -v engine="pymic $p" -v memory="$memory" \
			'{ print what, "s", engine, ($3 - $1) / n; print what, memory, engine, $4 }'
	done
	for mode in $RUNNERS; do
		case $mode in openvino*) name=$mode module="torch openvino" ;; *) name="torch $mode" module=torch ;; esac
		have $module && measure "$what" "$name" s "$PYTHON" "$bench/peers.py" infer --mode "$mode" --device "$DEVICE" --tta "$TTA" \
			--model "$data/model/last.pmm" --image "$data/one.pms" --same "$data/pred-f32.pms" \
			${window:+--window "$window"} --chns $CHNS --dropout $DROPOUT \
			--steps "$more" --threads "$THREADS" | grep -v 'first step s' || :
	done
}
infer_ready() {
	infer_data image "$IMAGE" $net2d $((10 * REPEATS)) 1,64,64
	infer_data volume "$VOLUME" $net3d "$REPEATS" 32,32,32
}
infer() {
	infer_one "image $IMAGE" image $((10 * REPEATS))
	infer_one "volume $VOLUME, windows $WINDOW" volume "$REPEATS" "$WINDOW"
}

# --- the table ---

# PART...: rounds of all parts, then the medians. A part is two functions, PART_ready and PART.
table_of() {
	mkdir -p "$out"
	peer about > "$out/versions" 2> "$out/error" || echo "${0##*/}: $PYTHON: $(tail -n 1 "$out/error")" >&2
	echo "threads $THREADS $(cat "$out/versions")" | paste -s -d ' ' | tr '\t' ' '
	echo
	for part; do
		"${part}_ready"
		for round in $(seq "$ROUNDS"); do
			"$part"
		done
	done > "$out/rows"
	awk -f "$bench/table.awk" "$out/rows"
}
