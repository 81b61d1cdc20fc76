# The nth case of a list with image and label, as a list of its own, whose case is called "case".
function path(file) { return (file ~ /^\// ? "" : dir) file }

BEGIN { FS = OFS = "," }
NR == 1 {
	for (i = 1; i <= NF; i++)
		column[$i] = i
	print "id", "image", "label"
}
NR == n + 1 { print "case", path($column["image"]), path($column["label"]) }
