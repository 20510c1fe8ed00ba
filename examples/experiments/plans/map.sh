# As the data set's own settings, so that cells are those of the other plans; nothing is validated on the way.
training+=(--disable-validation)
