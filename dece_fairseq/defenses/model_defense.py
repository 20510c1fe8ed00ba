"""What defences that look into a trained model have in common."""

from typing import ClassVar, Tuple

from dece_fairseq.defenses.defense import Defense, DefenseSettings


class ModelDefense(Defense):
    """Looks into the last of the models.

    Args:
        settings: what to work with

    Raises:
        DataError: the checkpoint can't be loaded
        DefenseError: it is none of a translation model, or a setting is not as it should be
    """

    needs: ClassVar[Tuple[str, ...]] = ("models", "model_data")

    def __init__(self, settings: DefenseSettings) -> None:
        super().__init__(settings)
        self.set_up()
        assert settings.model_data is not None  # it is needed
        # Torch and fairseq take seconds to import, and listing the defences should not.
        from dece_fairseq.defenses.trained_models import TranslationModel

        self.model = TranslationModel(settings.models[-1], settings.model_data)

    def set_up(self) -> None:
        """Look at the settings and at what else is needed, before the model is loaded.

        Raises:
            DefenseError: a setting is not as it should be
        """
