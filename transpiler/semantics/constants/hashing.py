"""xxHash64, which Kusto's ``hash`` is (documentation: of a text's UTF-8, of an instant's ticks in eight bytes)."""

from __future__ import annotations

_MASK = 2**64 - 1
_PRIMES = (
    11400714785074694791,
    14029467366897019727,
    1609587929392839161,
    9650029242287828579,
    2870177450012600261,
)


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK


def _mixed(lane: int, word: int) -> int:
    return _rotated((lane + word * _PRIMES[1]) & _MASK, 31) * _PRIMES[0] & _MASK


def _begun(data: bytes) -> tuple[int, int]:
    """The state after all blocks of 32 bytes, and how many bytes they are."""
    if len(data) < 32:
        return _PRIMES[4], 0
    lanes = [(_PRIMES[0] + _PRIMES[1]) & _MASK, _PRIMES[1], 0, -_PRIMES[0] & _MASK]
    end = len(data) // 32 * 32
    for at in range(0, end, 8):
        lane = at // 8 % 4
        lanes[lane] = _mixed(lanes[lane], int.from_bytes(data[at : at + 8], "little"))
    state = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
    for lane in lanes:
        state = ((state ^ _mixed(0, lane)) * _PRIMES[0] + _PRIMES[3]) & _MASK
    return state, end


def xxhash64(data: bytes) -> int:
    """The hash with seed 0, as a signed whole number of 64 bits."""
    state, at = _begun(data)
    state = (state + len(data)) & _MASK
    while at + 8 <= len(data):
        word = _mixed(0, int.from_bytes(data[at : at + 8], "little"))
        state, at = (_rotated(state ^ word, 27) * _PRIMES[0] + _PRIMES[3]) & _MASK, at + 8
    if at + 4 <= len(data):
        word = int.from_bytes(data[at : at + 4], "little") * _PRIMES[0] & _MASK
        state, at = (_rotated(state ^ word, 23) * _PRIMES[1] + _PRIMES[2]) & _MASK, at + 4
    for byte in data[at:]:
        state = _rotated(state ^ (byte * _PRIMES[4] & _MASK), 11) * _PRIMES[0] & _MASK
    for shift, prime in ((33, _PRIMES[1]), (29, _PRIMES[2]), (32, 1)):
        state = (state ^ (state >> shift)) * prime & _MASK
    return state - 2**64 if state >> 63 else state
