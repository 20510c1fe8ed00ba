"""How much label smoothing the options of the deceptive criterions come to."""

from typing import Optional, Union

#: the alpha that trusted text settles
AUTO = "auto"
#: the paper's smoothing, which goes with its falling blend
PUBLISHED_SMOOTHING = 0.05


def smoothing_for(dece_alpha: Union[float, str], label_smoothing: Optional[float]) -> float:
    """Return epsilon: as given, or else 0 with ``AUTO``, and the paper's with a number."""
    if label_smoothing is not None:
        return label_smoothing
    return 0.0 if dece_alpha == AUTO else PUBLISHED_SMOOTHING
