"""How evenly the test texts spread over the classes, and what always answering the most frequent class reaches."""

import numpy as np

from compactbench.record import Data

RATIO = 2.0
"""Classes are unbalanced when the largest has more than so many times the test texts of the smallest.

The ratio is the usual measure (Fernandez et al., 2008, Fuzzy Sets and Systems 159, call 1.5 to 9 low). Two, because
data sets that are taken for balanced reach 1.6 (20 Newsgroups), and accuracy is then a fair mean of the classes still.
"""


def unbalanced(data: Data) -> bool:
    """Whether macro F1 decides in place of accuracy, which the large classes alone would decide."""
    return max(data.test_counts) > RATIO * min(data.test_counts)


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
