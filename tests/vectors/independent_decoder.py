#!/usr/bin/env python3
"""Reads back what gatelet wrote, in both formats, with no code of ours: HMAC and base64 from Python, AES from
python3-cryptography, and an LZ4 frame and a MessagePack decoder written for this file from their specifications.

    independent_decoder.py WRITER

Runs WRITER (independent_writer.cpp), decodes every cookie it prints, compares, and checks that a damaged one is refused.
Prints the failures, then `N passed, N failed`.
"""
import base64
import hashlib
import hmac
import json
import struct
import subprocess
import sys
import warnings

warnings.simplefilter('ignore')
try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.backends import default_backend
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    print('skipped: needs python3-cryptography')
    sys.exit(77)  # which meson counts as skipped

MASK = 0xffffffff


class Refused(Exception):
    pass


def require(holds, what):
    if not holds:
        raise Refused(what)


# --- xxHash32 (xxhash_spec.md) -----------------------------------------------------------------------------------------------

def rotate(value, bits):
    return ((value << bits) | (value >> (32 - bits))) & MASK


def xxh32(data, seed=0):
    p1, p2, p3, p4, p5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
    at = 0
    if len(data) >= 16:
        lanes = [(seed + p1 + p2) & MASK, (seed + p2) & MASK, seed, (seed - p1) & MASK]
        while at + 16 <= len(data):
            for i, word in enumerate(struct.unpack_from('<4I', data, at)):
                lanes[i] = rotate((lanes[i] + word * p2) & MASK, 13) * p1 & MASK
            at += 16
        total = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
    else:
        total = (seed + p5) & MASK
    total = (total + len(data)) & MASK
    while at + 4 <= len(data):
        total = rotate((total + struct.unpack_from('<I', data, at)[0] * p3) & MASK, 17) * p4 & MASK
        at += 4
    for byte in data[at:]:
        total = rotate((total + byte * p5) & MASK, 11) * p1 & MASK
    total = (total ^ total >> 15) * p2 & MASK
    total = (total ^ total >> 13) * p3 & MASK
    return total ^ total >> 16


# --- LZ4 (lz4_Frame_format.md, lz4_Block_format.md) --------------------------------------------------------------------------

def lz4_block(block):
    out, at = bytearray(), 0

    def size_of(nibble):
        nonlocal at
        size = nibble
        while nibble == 15:
            more = block[at]
            at += 1
            size += more
            if more != 255:
                break
        return size

    while True:
        token = block[at]
        at += 1
        literals = size_of(token >> 4)
        require(at + literals <= len(block), 'literals')
        out += block[at:at + literals]
        at += literals
        if at == len(block):
            return bytes(out)
        offset = block[at] | block[at + 1] << 8
        at += 2
        match = size_of(token & 15) + 4
        require(0 < offset <= len(out), 'offset')
        for _ in range(match):
            out.append(out[-offset])


def lz4_frame(frame):
    # What the reference's writer makes, no more: independent blocks of 64 KiB, content checksum.
    require(frame[:7] == bytes.fromhex('04224d186440a7'), 'frame header')
    require(xxh32(frame[4:6]) >> 8 & 0xff == frame[6], 'header checksum')
    at, out = 7, b''
    while True:
        size, = struct.unpack_from('<I', frame, at)
        at += 4
        if size == 0:
            break
        block = frame[at:at + (size & 0x7fffffff)]
        require(len(block) == size & 0x7fffffff, 'block size')
        at += len(block)
        content = block if size >> 31 else lz4_block(block)
        require(len(content) <= 65536, 'block content')
        out += content
    require(frame[at:] == struct.pack('<I', xxh32(out)), 'content checksum')
    return out


# --- MessagePack (spec.md) ---------------------------------------------------------------------------------------------------

class Ext(tuple):
    pass


class Pairs(list):
    pass


def unpack(data):
    value, at = unpack_at(data, 0)
    require(at == len(data), 'bytes behind the record')
    return value


def unpack_at(data, at):
    require(at < len(data), 'end of record')
    code = data[at]
    at += 1

    def number(form):
        nonlocal at
        value, = struct.unpack_from('>' + form, data, at)
        at += struct.calcsize('>' + form)
        return value

    def take(size):
        nonlocal at
        require(at + size <= len(data), 'end of record')
        at += size
        return data[at - size:at]

    def elements(count):
        nonlocal at
        out = []
        for _ in range(count):
            value, at = unpack_at(data, at)
            out.append(value)
        return out

    def pairs(count):
        flat = elements(2 * count)
        return Pairs(zip(flat[::2], flat[1::2]))

    def ext(size):
        kind = number('b')
        return Ext((kind, take(size)))

    if code < 0x80:
        return code, at
    if code < 0x90:
        return pairs(code & 15), at
    if code < 0xa0:
        return elements(code & 15), at
    if code < 0xc0:
        return take(code & 31).decode('utf-8', 'surrogateescape'), at
    if code >= 0xe0:
        return code - 256, at
    readers = {
        0xc0: lambda: None, 0xc2: lambda: False, 0xc3: lambda: True,
        0xc4: lambda: take(number('B')), 0xc5: lambda: take(number('H')), 0xc6: lambda: take(number('I')),
        0xc7: lambda: ext(number('B')), 0xc8: lambda: ext(number('H')), 0xc9: lambda: ext(number('I')),
        0xca: lambda: number('f'), 0xcb: lambda: number('d'),
        0xcc: lambda: number('B'), 0xcd: lambda: number('H'), 0xce: lambda: number('I'), 0xcf: lambda: number('Q'),
        0xd0: lambda: number('b'), 0xd1: lambda: number('h'), 0xd2: lambda: number('i'), 0xd3: lambda: number('q'),
        0xd4: lambda: ext(1), 0xd5: lambda: ext(2), 0xd6: lambda: ext(4), 0xd7: lambda: ext(8), 0xd8: lambda: ext(16),
        0xd9: lambda: take(number('B')).decode('utf-8', 'surrogateescape'),
        0xda: lambda: take(number('H')).decode('utf-8', 'surrogateescape'),
        0xdb: lambda: take(number('I')).decode('utf-8', 'surrogateescape'),
        0xdc: lambda: elements(number('H')), 0xdd: lambda: elements(number('I')),
        0xde: lambda: pairs(number('H')), 0xdf: lambda: pairs(number('I')),
    }
    require(code in readers, 'code 0xc1')
    return readers[code](), at


def moment(value):
    require(isinstance(value, Ext) and value[0] == -1, 'a time')
    data = value[1]
    if len(data) == 4:
        return [struct.unpack('>I', data)[0], 0]
    if len(data) == 8:
        both, = struct.unpack('>Q', data)
        return [both & (1 << 34) - 1, both >> 34]
    require(len(data) == 12, 'a time')
    nanos, seconds = struct.unpack('>Iq', data)
    return [seconds, nanos]


# --- The cookie --------------------------------------------------------------------------------------------------------------

def aes_key(secret):
    try:
        text = secret.rstrip('=')
        decoded = base64.b64decode(text + '=' * (-len(text) % 4), altchars=b'-_', validate=True)
        if len(decoded) in (16, 24, 32):
            return decoded
    except ValueError:
        pass
    return secret.encode()


def join(case):
    """The value, from one cookie or from parts NAME_0, NAME_1, ...; every part but the last is full."""
    values = {}
    for line in case['set_cookie']:
        require(len(line) <= 4000, 'a Set-Cookie value of at most 4000 bytes')
        pair, _, attributes = line.partition('; ')
        require(attributes.startswith('Path=/; Max-Age='), 'attributes')
        name, _, value = pair.partition('=')
        values[name] = value
    name = case['cookie_name']
    if list(values) == [name]:
        return values[name]
    require(list(values) == [f'{name}_{i}' for i in range(len(values))] and len(values) > 1, 'names of parts')
    require(all(len(line) == 4000 for line in case['set_cookie'][:-1]), 'full parts')
    return ''.join(values.values())


def hkdf(secret, info, size):
    # RFC 5869 with SHA-256, and the salt of the format.
    key, out, block = hmac.new(b'gatelet cookie v1', secret, hashlib.sha256).digest(), b'', b''
    while len(out) < size:
        block = hmac.new(key, block + info + bytes([len(out) // 32 + 1]), hashlib.sha256).digest()
        out += block
    return out[:size]


def xaes_256_gcm(key, nonce, sealed, associated):
    # c2sp.org/XAES-256-GCM
    cipher = Cipher(algorithms.AES(key), modes.ECB(), backend=default_backend()).encryptor()
    first = int.from_bytes(cipher.update(bytes(16)), 'big')
    subkey = ((first << 1) & (1 << 128) - 1) ^ (0x87 if first >> 127 else 0)
    blocks = (int.from_bytes(bytes([0, i, 0x58, 0]) + nonce[:12], 'big') ^ subkey for i in (1, 2))
    derived = b''.join(cipher.update(block.to_bytes(16, 'big')) for block in blocks)
    try:
        return AESGCM(derived).decrypt(nonce[12:], sealed, associated)
    except InvalidTag:
        raise Refused('seal')


def open_native(case, value):
    require(set(value) <= set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'), 'base64url without padding')
    data = base64.b64decode(value + '=' * (-len(value) % 4), altchars=b'-_', validate=True)
    header, nonce, sealed = data[:18], data[18:42], data[42:]
    secret = aes_key(case['secret'])
    require(header[0] == 1 and header[1] in (0, 1), 'version and flags')
    require(header[2:10] == hkdf(secret, b'key id', 8), 'key id')
    require(struct.unpack('>q', header[10:])[0] == case['seconds'], 'time')
    purpose = b'session' if case['kind'] == 'session' else b'login state'
    parts = (header, purpose, case['cookie_name'].encode())
    associated = b''.join(struct.pack('>I', len(part)) + part for part in parts)
    content = xaes_256_gcm(hkdf(secret, purpose, 32), nonce, sealed, associated)
    if header[1] == 0:
        return content
    require(len(content) < len(lz4_frame(content)), 'compressed only where that is smaller')
    return lz4_frame(content)


def open_value(case, value):
    if case['format'] == 'native':
        return open_native(case, value)
    payload, stamp, mac = value.split('|')
    expected = hmac.new(case['secret'].encode(), (case['cookie_name'] + payload + stamp).encode(), hashlib.sha256).digest()
    require(hmac.compare_digest(base64.urlsafe_b64encode(expected).decode(), mac), 'signature')
    require(stamp == str(case['seconds']), 'time stamp')
    sealed = base64.b64decode(payload, altchars=b'-_', validate=True)
    cipher = Cipher(algorithms.AES(aes_key(case['secret'])), modes.CFB(sealed[:16]), backend=default_backend())
    decryptor = cipher.decryptor()
    content = decryptor.update(sealed[16:]) + decryptor.finalize()
    return lz4_frame(content) if case['kind'] == 'session' else content


def text_hex(value):
    return value.encode('utf-8', 'surrogateescape').hex()


CLAIMS = {
    'n': None, 't': True, 'i': -5, 'u': 2**64 - 1, 'f': 1.5, 's': 'text', 'b': b'\0\1',
    'm': Ext((-1, struct.pack('>Q', 7 << 34 | 1767225600))), 'l': ['x', Pairs()],
}
ORDER = ['ca', 'eo', 'at', 'it', 'rt', 'n', 'e', 'u', 'g', 'pu', 'ac', 'pid', 'ev', 'si', 'gi']


def check_session(case, record):
    require(isinstance(record, Pairs), 'a map')
    keys = [key for key, _ in record]
    require(keys == [key for key in ORDER if key in keys], 'keys in order, once')
    got, expected = dict(record), case['content']
    for key in ORDER:
        want = expected[key]
        if want in (None, '', []):
            require(key not in got, f'{key} absent')
        elif key in ('ca', 'eo', 'si'):
            require(moment(got[key]) == want, key)
        elif key == 'n':
            require(isinstance(got[key], bytes) and got[key].hex() == want, key)
        elif key == 'g':
            require([text_hex(group) for group in got[key]] == want, key)
        elif key == 'ac':
            require(isinstance(got[key], Pairs) and [name for name, _ in got[key]] == want, key)
            require(all(CLAIMS[name] == value and type(CLAIMS[name]) is type(value) for name, value in got[key]), key)
        elif key in ('ev', 'gi'):
            require(got[key] is want, key)
        else:
            require(isinstance(got[key], str) and text_hex(got[key]) == want, key)


def check_login_state(case, record):
    require(isinstance(record, Pairs), 'a map')
    got, expected = dict(record), case['content']
    require(list(got) == [key for key in ('s', 'n', 'cv') if expected[key]], 'keys in order')
    require(got['s'].hex() == expected['s'] and got['n'].hex() == expected['n'], 'nonces, as bin')
    require(text_hex(got.get('cv', '')) == expected['cv'], 'verifier')


def check(case):
    value = join(case)
    plain = open_value(case, value)
    if case['kind'] == 'session':
        check_session(case, unpack(plain))
    else:
        check_login_state(case, unpack(plain))
    for at in (5, len(value) // 2):
        damaged = value[:at] + ('A' if value[at] != 'A' else 'B') + value[at + 1:]
        try:
            open_value(case, damaged)
        except Refused:
            continue
        raise Refused('a damaged value was accepted')


def main():
    require(xxh32(b'') == 0x02cc5d05 and xxh32(b'Nobody inspects the spammish repetition') == 0xe2293b2f, 'xxh32')
    lines = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
    passed, failed = 0, 0
    for line in lines:
        case = json.loads(line)
        try:
            check(case)
            passed += 1
        except (Refused, ValueError, KeyError, IndexError, struct.error, AttributeError) as problem:
            print(f'failed: {case["name"]}: {type(problem).__name__}: {problem}')
            failed += 1
    if passed + failed < 50:
        print(f'failed: the writer wrote only {passed + failed} cookies')
        failed += 1
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
