# A table of all kernels from what ptxas -v says: name, architecture, bytes of spill stores and loads, registers, shared memory.
BEGIN { OFS = "\t"; print "kernel", "arch", "spill_stores", "spill_loads", "registers", "shared" }
/Compiling entry function/ {
	name = $0
	sub(/.*'_Z[0-9]*/, "", name)
	sub(/_kernel.*/, "", name)
	arch = $NF
	gsub(/'/, "", arch)
}
/spill stores/ { sub(/.*stack frame, /, ""); stores = $1; loads = $5 }
/Used [0-9]+ registers/ {
	registers = shared = 0
	for (i = 2; i <= NF; i++) {
		if ($i ~ /^registers/) registers = $(i - 1)
		if ($i ~ /^smem/) shared = $(i - 2)
	}
	print name, arch, stores, loads, registers, shared
}
