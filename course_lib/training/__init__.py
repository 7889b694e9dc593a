"""Making a model's loss small."""

from course_lib.training.config import TrainingConfig
from course_lib.training.loop import train

__all__ = ["TrainingConfig", "train"]
