LOSS(ce)
LOSS(dice)
