"""How much memory a call takes in tensors: the largest one that torch makes in it.

Counted are storages, not shapes: a view or an expanded tensor takes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def largest_storage(
    function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]
) -> tuple[int, Any]:
    """Call a function; returns the bytes of the largest tensor made in the call, and its result."""
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Largest(TorchDispatchMode):  # type: ignore[no-untyped-call, unused-ignore]
        size = 0

        @classmethod
        def _should_skip_dynamo(cls) -> bool:  # else torch imports its compiler, for a second
            return False

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            made = func(*args, **(kwargs or {}))
            given = {
                leaf.untyped_storage().data_ptr()
                for leaf in tree_leaves((args, kwargs))
                if isinstance(leaf, Tensor)
            }
            for leaf in tree_leaves(made):
                if isinstance(leaf, Tensor) and leaf.untyped_storage().data_ptr() not in given:
                    self.size = max(self.size, leaf.untyped_storage().nbytes())
            return made

    with Largest() as mode:  # type: ignore[no-untyped-call, unused-ignore]
        result = function(*args, **named)
    return mode.size, result
