"""Memory of the first GPU, through the driver's own library: no package is needed for it."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import DetectorError

_LIBRARY = "libcuda.so.1"
_NAME_LENGTH = 256


class Cuda:
    """The first GPU: its name, memory, and one stream in which copies and work follow each other."""

    def __init__(self) -> None:
        """Take the context that TensorRT uses too (the device's primary one).

        Raises:
            DetectorError: there is no driver or no GPU.
        """
        try:
            self._library = ctypes.CDLL(_LIBRARY)
        except OSError as error:
            raise DetectorError(
                f"no GPU here: the NVIDIA driver's {_LIBRARY} cannot be loaded ({error})"
            ) from None
        device, context, stream = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
        name = ctypes.create_string_buffer(_NAME_LENGTH)
        self._call("cuInit", ctypes.c_uint(0))
        self._call("cuDeviceGet", ctypes.byref(device), ctypes.c_int(0))
        self._call("cuDeviceGetName", name, ctypes.c_int(_NAME_LENGTH), device)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)
        self._call("cuStreamCreate", ctypes.byref(stream), ctypes.c_uint(0))
        self.name = name.value.decode("utf-8", "replace")
        self.stream = stream.value or 0

    def allocate(self, size_bytes: int) -> int:
        """The address of so much new memory of the GPU."""
        address = ctypes.c_uint64()
        self._call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size_bytes))
        return address.value

    def free(self, address: int) -> None:
        """Give memory back."""
        self._call("cuMemFree_v2", ctypes.c_uint64(address))

    def upload(self, address: int, array: NDArray[Any]) -> None:
        """Begin to copy a contiguous array to the GPU; it must live until `wait` returns."""
        self._call(
            "cuMemcpyHtoDAsync_v2",
            ctypes.c_uint64(address),
            ctypes.c_void_p(array.ctypes.data),
            ctypes.c_size_t(array.nbytes),
            ctypes.c_void_p(self.stream),
        )

    def download(self, array: NDArray[Any], address: int) -> None:
        """Begin to fill a contiguous array from the GPU; it is full when `wait` returns."""
        self._call(
            "cuMemcpyDtoHAsync_v2",
            ctypes.c_void_p(array.ctypes.data),
            ctypes.c_uint64(address),
            ctypes.c_size_t(array.nbytes),
            ctypes.c_void_p(self.stream),
        )

    def wait(self) -> None:
        """Until everything that was begun is done."""
        self._call("cuStreamSynchronize", ctypes.c_void_p(self.stream))

    def _call(self, function: str, *arguments: Any) -> None:
        status = getattr(self._library, function)(*arguments)
        if status != 0:
            text = ctypes.c_char_p()
            self._library.cuGetErrorString(ctypes.c_int(status), ctypes.byref(text))
            reason = (text.value or b"unknown").decode("utf-8", "replace")
            raise DetectorError(
                f"the GPU cannot be used: {function}: {reason} ({status}); nvidia-smi shows its state"
            )


class Buffer:
    """Memory of the GPU that grows when it must."""

    def __init__(self, cuda: Cuda) -> None:
        self._cuda = cuda
        self._size_bytes = self._address = 0

    def of(self, array: NDArray[np.generic]) -> int:
        """Its address; an array of this size fits."""
        if array.nbytes > self._size_bytes:
            if self._address:
                self._cuda.free(self._address)
                self._size_bytes = self._address = 0
            self._address = self._cuda.allocate(array.nbytes)
            self._size_bytes = array.nbytes
        return self._address
