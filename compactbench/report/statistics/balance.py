"""What always answering the most frequent class reaches."""

import numpy as np

from compactbench.record import Data


def most_frequent(data: Data) -> int:
    """The number of the class that most training texts are of."""
    return int(np.argmax(data.train_counts))


def majority_accuracy(data: Data) -> float:
    """The accuracy of always answering `most_frequent`: the lowest floor, which takes no training."""
    return data.test_counts[most_frequent(data)] / sum(data.test_counts)


def majority_macro_f1(data: Data) -> float:
    """Its macro F1: the class has recall 1 and the accuracy for its precision, and all others have 0."""
    accuracy = majority_accuracy(data)
    return 2 * accuracy / (1 + accuracy) / len(data.classes)
