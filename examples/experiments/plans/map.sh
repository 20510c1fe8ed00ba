# As the data set's own settings, but nothing is validated on the way and the test is answered greedily.
training+=(--disable-validation)
generation+=(--beam 1)
