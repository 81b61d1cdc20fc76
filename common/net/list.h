NET(unet)
