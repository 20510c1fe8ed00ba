"""``dece save-pretrained``, for a checkout where nothing is installed."""

import _checkout

if __name__ == "__main__":  # not in workers that import it again
    _checkout.run("save-pretrained")
