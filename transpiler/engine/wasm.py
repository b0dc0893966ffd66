"""Google's engine as a WebAssembly module: compiled once a machine, started once a process, called with protobufs.

The wheel ``zetasql`` carries a WASI module that exports one function for each method of ZetaSQL's local service. A
request is serialised into the module's own memory; the function answers with a pointer to the serialised response, or
with 0 and a text in ``wasm_get_last_error``.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import os
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import tzdata
import wasmtime
from google.protobuf.message import Message
from zetasql.wasi import get_wasm_path

from transpiler.engine.result import EngineError

try:  # A resolved tree nests more deeply than the 100 levels that protobuf reads by default.
    from google._upb import _message

    _message.SetAllowOversizeProtos(True)
except (ImportError, AttributeError):
    pass

_STACK = 4 << 20  # bytes; the default overflows on a chain of 300 operators
Response = TypeVar("Response", bound="Message")


class WasmModule:
    """A running instance. After a trap (the module aborted) the next call runs in a fresh one."""

    # The runtime and its exports come without types, hence Any.
    def __init__(self) -> None:
        config = wasmtime.Config()
        config.shared_memory = True
        # The public setter alone is refused: the stack of asynchronous calls has to be the larger one.
        wasmtime._ffi.wasmtime_config_async_stack_size_set(config.ptr(), _STACK + (1 << 20))
        config.max_wasm_stack = _STACK
        self._engine = wasmtime.Engine(config)
        self._module = _compiled(self._engine)
        self._start()

    def _start(self) -> None:
        wasi = wasmtime.WasiConfig()
        wasi.preopen_dir(str(Path(tzdata.__file__).parent / "zoneinfo"), "/usr/share/zoneinfo")
        self._store = wasmtime.Store(self._engine)
        self._store.set_wasi(wasi)
        linker = wasmtime.Linker(self._engine)
        linker.define_wasi()
        self._exports: Any = linker.instantiate(self._store, self._module).exports(self._store)
        self._memory: Any = self._exports["memory"]
        self._exports["_initialize"](self._store)

    def call(self, method: str, request: Message, response: type[Response]) -> Response:
        """One method of the local service; EngineError with the engine's message when it refuses."""
        data = request.SerializeToString()
        try:
            answer = self._exchange(method, data)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as e:
            self._start()
            raise EngineError("googlesql", "the engine broke down: " + str(e).strip().splitlines()[0]) from None
        parsed: Response = response.FromString(answer)
        return parsed

    def _exchange(self, method: str, data: bytes) -> bytes:
        store, exports = self._store, self._exports
        request = exports["wasm_malloc"](store, max(len(data), 1))
        length = exports["wasm_malloc"](store, 4)
        ctypes.memmove(self._address(request), data, len(data))
        answer = exports[f"ZetaSqlLocalService_{method}"](store, request, len(data), length)
        # Not in a finally clause: after a trap the allocator may wait for ever on a lock of the call that died.
        size = int.from_bytes(self._bytes(length, 4), "little")
        exports["wasm_free"](store, request)
        exports["wasm_free"](store, length)
        if answer == 0:
            size = exports["wasm_get_last_error_size"](store)
            text = self._bytes(exports["wasm_get_last_error"](store), size).decode("utf-8", "replace")
            raise EngineError("googlesql", _plain(text))
        content = self._bytes(answer, size)
        exports["wasm_free"](store, answer)
        return content

    def _address(self, pointer: int) -> int:
        # Looked up at each use: the memory moves when it grows.
        return ctypes.addressof(self._memory.data_ptr().contents) + pointer

    def _bytes(self, pointer: int, size: int) -> bytes:
        return ctypes.string_at(self._address(pointer), size) if size else b""


def _plain(text: str) -> str:
    """The message without the status code that the service puts before it."""
    return text.partition("Message: ")[2].strip() or text.strip() or "unknown error"


def _compiled(engine: Any) -> Any:  # wasmtime has no types
    source = Path(get_wasm_path())
    versions = f"{importlib.metadata.version('wasmtime')}|{importlib.metadata.version('zetasql')}|{_STACK}"
    with source.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    key = hashlib.sha256(f"{versions}|{content}".encode()).hexdigest()[:20]
    cached = cache_folder() / f"zetasql-{key}.cwasm"
    if cached.is_file():
        try:
            return wasmtime.Module.deserialize_file(engine, str(cached))
        except wasmtime.WasmtimeError:  # made on another processor
            pass
    module = wasmtime.Module.from_file(engine, str(source))
    _keep(cached, module.serialize())
    return module


def _keep(path: Path, content: bytes) -> None:
    """Write the compiled module for the next process; without a writable cache every process compiles."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(partial, path)
    except OSError:
        pass


def cache_folder() -> Path:
    """Where the compiled module is kept: ``$XDG_CACHE_HOME/rulesql``, or ``~/.cache/rulesql``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base) / "rulesql" if base else Path.home() / ".cache" / "rulesql"
