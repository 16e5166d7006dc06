"""Import the reference module of the book.

exercise: trusted
answers: wrong
marks: 0
says: may not be imported in a submission
"""

# %% total
from handtorch.tokenizer.bpe import train_bpe


def total(values):
    return sum(values)
