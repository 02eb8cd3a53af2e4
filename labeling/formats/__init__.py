"""Other people's label formats: out, with a list of what they cannot say, and back in."""

from labeling.formats.registry import LABEL_FORMATS, LabelFormat, guess_label_format

__all__ = ["LABEL_FORMATS", "LabelFormat", "guess_label_format"]
