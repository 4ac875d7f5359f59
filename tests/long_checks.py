"""The checks of `tests/run --long` that are no test programs. Each is a function that returns (passed, failed, text); the text says
what was found, and what to do about a failure. What a check cannot have here raises Unavailable: a skip with its reason."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / 'build-test'

# least lines and branches in percent: of everything, and of the rooms that decide
OVERALL = (90, 75)
STRICT = {room: (95, 85) for room in ('policy', 'jose', 'session', 'engine')}
PLAIN = ['-Dexamples=disabled', '-Dbench=disabled', '-Dwrap_mode=nodownload']


class Unavailable(Exception):
    pass


def run(command, log, cwd=ROOT, env=None):
    with open(log, 'a') as out:
        out.write(f'$ {" ".join(map(str, command))}\n')
        out.flush()
        code = subprocess.run(list(map(str, command)), cwd=cwd, stdout=out, stderr=subprocess.STDOUT, env=env, stdin=subprocess.DEVNULL).returncode
    if code != 0:
        raise RuntimeError(f'`{" ".join(map(str, command))}` ended with {code}; the whole log is {log}')


def output_of(command, cwd=ROOT, env=None):
    return subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=True, env=env).stdout


def configure(build, options, log, env=None, source=ROOT, meson='meson'):
    again = ['--reconfigure'] if (build / 'build.ninja').exists() else []
    run([meson, 'setup', build, source, *options, *again], log, env=env)


def targets_of(build, wanted):
    listed = json.loads(output_of(['meson', 'introspect', '--targets', build]))
    return [os.path.relpath(t['filename'][0], build) for t in listed if wanted(t)]


def compilers(c, cpp, cached=True):
    cache = 'ccache ' if cached and shutil.which('ccache') else ''
    return dict(os.environ, CC=cache + c, CXX=cache + cpp)


def room_of(file):
    path = Path(os.path.normpath(file))
    return path.relative_to(ROOT / 'lib').parts[0] if path.is_relative_to(ROOT / 'lib') else None


def coverage(log):
    """Lines and branches of lib/ that the programs of the suites unit, flow, capi and vectors run, by clang's own count."""
    build = BUILD / 'coverage'
    flags = '-fprofile-instr-generate -fcoverage-mapping'
    env = dict(compilers('clang-14', 'clang++-14'), LLVM_PROFILE_FILE='/dev/null')  # of the programs that Meson tries
    configure(build, ['-Doptimization=0', '-Db_lundef=false', *PLAIN, f'-Dcpp_args={flags}', f'-Dc_args={flags}', f'-Dcpp_link_args={flags}',
                      f'-Dc_link_args={flags}'], log, env)
    run(['ninja', '-C', build], log, env=env)
    tests = [t for t in json.loads(output_of(['meson', 'introspect', '--tests', build]))
             if {s.split(':')[-1] for s in t['suite']} & {'unit', 'flow', 'capi', 'vectors'} and 'python' not in t['cmd'][0]]
    profiles = build / 'profiles'
    shutil.rmtree(profiles, ignore_errors=True)
    for number, test in enumerate(tests):
        run(test['cmd'], log, cwd=test['workdir'] or build, env=dict(os.environ, **test['env'], LLVM_PROFILE_FILE=f'{profiles}/{number}-%p.profraw'))
    run(['llvm-profdata-14', 'merge', '-o', build / 'all.profdata', *profiles.iterdir()], log)
    programs = sorted({t['cmd'][0] for t in tests})
    objects = [a for p in programs[1:] for a in ('-object', p)]
    report = json.loads(output_of(['llvm-cov-14', 'export', '-summary-only', '-instr-profile', build / 'all.profdata', programs[0], *objects,
                                   *[f for f in sorted((ROOT / 'lib').rglob('*.?pp'))]]))
    sums = {}
    for file in report['data'][0]['files']:
        room = room_of(file['filename'])
        for key in (room, 'lib') if room else ():
            sums.setdefault(key, [0, 0, 0, 0])
            for i, kind in enumerate(('lines', 'branches')):
                sums[key][2 * i] += file['summary'][kind]['covered']
                sums[key][2 * i + 1] += file['summary'][kind]['count']
    text, failed = [], 0
    for key in sorted(sums):
        lines, branches = 100 * sums[key][0] / sums[key][1], 100 * sums[key][2] / max(sums[key][3], 1)
        least = OVERALL if key == 'lib' else STRICT.get(key, (0, 0))
        low = lines < least[0] or branches < least[1]
        failed += low
        text.append(f'{key:8} lines {lines:5.1f} %  branches {branches:5.1f} %' + (f'  below {least[0]} / {least[1]}: write the missing tests' if low else ''))
    return len(sums) - failed, failed, '\n'.join(text)


def clang_tidy(log):
    """The rules of .clang-tidy over every source of lib/ and capi/."""
    build = BUILD / 'coverage' if (BUILD / 'coverage' / 'compile_commands.json').exists() else BUILD / 'asan'
    sources = [str(p) for room in ('lib', 'capi') for p in sorted((ROOT / room).rglob('*.cpp'))]
    run(['run-clang-tidy-14', '-quiet', '-j', os.cpu_count() or 2, '-p', build, '-header-filter', f'{ROOT}/(lib|capi|include)/.*', *sources], log)
    return 1, 0, f'{len(sources)} sources'


def unpack_32_bit_libraries(log):
    """Debian's i386 packages, unpacked beside the build: installed they would ask for the machine's own to be of one version."""
    place = BUILD / 'm32-root'
    if not any(place.rglob('openssl.pc')):
        place.mkdir(exist_ok=True)
        packages = ['libssl3', 'libssl-dev', 'liblz4-1', 'liblz4-dev', 'libcurl4-openssl-dev']
        try:
            if 'i386' not in output_of(['dpkg', '--print-foreign-architectures']).split():
                run(['dpkg', '--add-architecture', 'i386'], log)
                # One list that cannot be had now may be one that is not needed: the download will tell.
                subprocess.run(['apt-get', 'update'], capture_output=True, check=False)
            run(['apt-get', 'download', *[f'{p}:i386' for p in packages]], log, cwd=place)
        except RuntimeError as error:
            raise Unavailable(f'the i386 packages {" ".join(packages)} cannot be had: {error}') from None
        for file in place.glob('*.deb'):
            run(['dpkg', '-x', file, place], log)
    return place


def thirty_two_bit(log):
    """Tokens, JSON and session formats on a machine where size_t has 32 bits."""
    root = unpack_32_bit_libraries(log)
    cross = BUILD / 'm32.ini'
    cross.write_text(f"""[binaries]
c = ['gcc', '-m32']
cpp = ['g++', '-m32']
ar = 'ar'
strip = 'strip'
pkgconfig = 'pkg-config'
[properties]
sys_root = '{root}'
pkg_config_libdir = ['{root}/usr/lib/i386-linux-gnu/pkgconfig', '/usr/share/pkgconfig']
needs_exe_wrapper = false
[host_machine]
system = 'linux'
cpu_family = 'x86'
cpu = 'i686'
endian = 'little'
""")
    build = BUILD / 'm32'
    shutil.rmtree(build, ignore_errors=True)
    libraries = root / 'usr' / 'lib' / 'i386-linux-gnu'
    env = dict(os.environ, LD_LIBRARY_PATH=str(libraries))
    configure(build, ['--cross-file', cross, '-Doptimization=2', '-Db_lundef=false', '-Dcapi=disabled', f'-Dcpp_args=-msse2 -isystem {root}/usr/include/i386-linux-gnu', f'-Dcpp_link_args=-L{libraries}',
                      f'-Dc_link_args=-L{libraries}', *PLAIN], log, env)
    rooms = ('base', 'json', 'crypto', 'jose', 'session')
    run(['ninja', '-C', build, *targets_of(build, lambda t: t['type'] == 'executable' and Path(t['defined_in']).parent.name in rooms)], log, env=env)
    tests = [t for t in json.loads(output_of(['meson', 'introspect', '--tests', build])) if t['name'] in rooms]
    for test in tests:
        run(test['cmd'], log, cwd=test['workdir'] or build, env=dict(env, **test['env']))
    if len(tests) != len(rooms):
        return 0, 1, f'expected the tests of {rooms}, found {[t["name"] for t in tests]}'
    return len(tests), 0, ' '.join(rooms)


def dist(log):
    """The archive `meson dist` makes builds and passes the unit tests of a room, away from the work tree."""
    build, place = BUILD / 'gcc', BUILD / 'dist'
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    run(['meson', 'dist', '-C', build, '--no-tests', '--allow-dirty', '--formats', 'xztar'], log)
    archive = max((build / 'meson-dist').glob('*.tar.xz'), key=lambda p: p.stat().st_mtime)
    with tarfile.open(archive) as tar:
        tar.extractall(place)
    source = next(place.iterdir())
    run(['meson', 'setup', place / 'build', source, *PLAIN], log, env=compilers('gcc', 'g++'))
    run(['meson', 'test', '-C', place / 'build', '--suite', 'flow'], log)
    return 1, 0, archive.name


def reproducible(log):
    """Two builds of one source in two places give the same library, byte for byte."""
    place = BUILD / 'twice'
    shutil.rmtree(place, ignore_errors=True)
    sums = []
    for name in ('one', 'another-place'):
        source = place / name / 'source'
        source.mkdir(parents=True)
        for file in output_of(['git', 'ls-files', '-co', '--exclude-standard']).splitlines():
            if (ROOT / file).is_file():
                (source / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, source / file)
        build = place / name / 'build'
        run(['meson', 'setup', build, source, '-Dbuildtype=release', '-Dtests=disabled', *PLAIN], log, env=compilers('gcc', 'g++', cached=False))
        run(['ninja', '-C', build], log)
        sums.append(hashlib.sha256((build / 'capi' / 'libgatelet.so').resolve().read_bytes()).hexdigest())
    shutil.rmtree(place)
    return (1, 0, sums[0]) if sums[0] == sums[1] else (0, 1, 'the two libraries differ: a path or a time went into one')


def stack_frames(log):
    """No function of lib/ and capi/ takes 32 KiB of stack or more for itself, nor an amount that is not known beforehand."""
    build = BUILD / 'stack-frames'
    configure(build, ['-Doptimization=2', '-Ddebug=false', '-Dtests=disabled', *PLAIN, '-Dcpp_args=-fstack-usage'], log, compilers('gcc', 'g++'))
    run(['ninja', '-C', build], log)
    frames = []
    for file in build.rglob('*.su'):
        for line in file.read_text().splitlines():
            where, size, kind = line.rsplit('\t', 2)
            frames.append((int(size), kind, where))
    frames.sort(reverse=True)
    bad = [f for f in frames if f[0] >= 32 * 1024 or kind_is_open(f[1])]
    if len(frames) < 1000:
        return 0, 1, f'{len(frames)} functions are told of, of so many sources: the compiler did not say all'
    return int(not bad), int(bool(bad)), '\n'.join(f'{size:6} {kind} {where}' for size, kind, where in bad or frames[:5])


def kind_is_open(kind):
    """`dynamic` alone: a size that depends on a value. `dynamic,bounded` and `static` are known."""
    return kind == 'dynamic'


def current_meson(log):
    """The newest Meson configures the project, builds the library and runs a suite."""
    venv = BUILD / 'venv'
    try:
        if not (venv / 'bin' / 'meson').exists():
            run([sys.executable, '-m', 'venv', venv], log)
            run([venv / 'bin' / 'pip', 'install', '--quiet', 'meson'], log)
    except RuntimeError as error:
        raise Unavailable(f'the newest Meson cannot be installed: {error}') from None
    meson = venv / 'bin' / 'meson'
    build = BUILD / 'newest-meson'
    shutil.rmtree(build, ignore_errors=True)
    configure(build, PLAIN, log, compilers('gcc', 'g++'), meson=meson)
    run([meson, 'test', '-C', build, '--suite', 'flow'], log)
    return 1, 0, f'Meson {output_of([meson, "--version"]).strip()}'


CHECKS = [coverage, clang_tidy, stack_frames, thirty_two_bit, dist, reproducible, current_meson]


def run_all(log_dir, say):
    """Yields (name, passed, failed, skipped, text)."""
    for check in CHECKS:
        name = check.__name__
        log = log_dir / f'long-{name}.log'
        log.write_text('')
        say(f'{name}: {check.__doc__.splitlines()[0]}')
        try:
            passed, failed, text = check(log)
            yield name, passed, failed, 0, text
        except Unavailable as reason:
            yield name, 0, 0, 1, str(reason)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            tail = re.sub(r'^', '    ', '\n'.join(log.read_text(errors='replace').splitlines()[-30:]), flags=re.M)
            yield name, 0, 1, 0, f'{error}\n{tail}'


if __name__ == '__main__':  # python3 tests/long_checks.py NAME...: those alone
    CHECKS[:] = [c for c in CHECKS if c.__name__ in sys.argv[1:]]
    (BUILD / 'logs').mkdir(parents=True, exist_ok=True)
    bad = 0
    for name, passed, failed, skipped, text in run_all(BUILD / 'logs', print):
        bad += failed
        print(f'{name}: {passed} passed, {failed} failed, {skipped} skipped\n{text}')
    sys.exit(bool(bad))
