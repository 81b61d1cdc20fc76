# Of the regions of the AAL atlas, 1 of 6 structures each, or none: an option for pymic-augment.
function lobe(n) {
	if (n ~ /^(Precentral|Frontal|Rolandic|Supp_Motor|Olfactory|Rectus)/) return 1
	if (n ~ /^(Temporal|Heschl|Fusiform)/) return 2
	if (n ~ /^(Postcentral|Parietal|SupraMarginal|Angular|Precuneus|Paracentral)/) return 3
	if (n ~ /^(Calcarine|Cuneus|Lingual|Occipital)/) return 4
	if (n ~ /^(Cerebelum|Vermis)/) return 5
	if (n ~ /^(Caudate|Putamen|Pallidum|Thalamus)/) return 6
	return 0
}
NF == 3 { printf("%s%s=%d", NR > 1 ? "," : "label_convert:map=", $1, lobe($2)) }
