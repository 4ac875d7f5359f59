#!/usr/bin/env python3
"""consumers_test.py SOURCE BUILD VERSION: installs the library into a folder of its own and builds against it, as others do.

C and C++ by pkg-config (shared and static), CMake's find_package, dlopen from Python, and the source tree as a Meson subproject.
"""
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

source, build, version = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
here = source / 'tests' / 'consumers'
work = Path(tempfile.mkdtemp())
prefix = work / 'prefix'
major, minor, patch = (int(n) for n in version.split('.'))
number = major << 16 | minor << 8 | patch
passed = failed = skipped = 0


def case(name, attempt):
    global passed, failed
    try:
        attempt()
        passed += 1
    except subprocess.CalledProcessError as error:
        failed += 1
        print(f'not ok {name}: {" ".join(map(str, error.cmd))}\n{(error.stdout or "")[-3000:]}')
    except AssertionError as error:
        failed += 1
        print(f'not ok {name}: {error}')


def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, **more).stdout


env = dict(os.environ)
env.pop('DESTDIR', None)


def install():
    # The folder is configured with its own prefix; what is laid below a staging folder is moved to where a relocated one would stand.
    run('meson', 'install', '-C', build, '--no-rebuild', '--destdir', work / 'stage')
    options = json.loads(run('meson', 'introspect', '--buildoptions', build))
    configured = Path(next(o['value'] for o in options if o['name'] == 'prefix'))
    shutil.move(work / 'stage' / configured.relative_to('/'), prefix)
    libdir = next(prefix.rglob('pkgconfig')).parent
    env['PKG_CONFIG_PATH'] = str(libdir / 'pkgconfig')
    env['LD_LIBRARY_PATH'] = str(libdir)
    return libdir


def pkg_config(*arguments):
    return run('pkg-config', '--define-variable=prefix=' + str(prefix), *arguments, 'gatelet').split()


def installed_files():
    for name in ('include/gatelet/gatelet.h', 'include/gatelet/unstable/hooks.h', 'include/gatelet/gatelet.hpp', 'include/gatelet/version.hpp', 'include/gatelet/errors.def'):
        assert (prefix / name).exists(), f'{name} is not installed'
    text = (libdir / 'pkgconfig' / 'gatelet.pc').read_text()
    assert 'rapidjson' not in text.lower() and 'tomlplusplus' not in text.lower(), f'private headers leak: {text}'
    assert str(prefix) not in text and 'pcfiledir' in text, f'the package cannot be moved: {text}'


def c_program():
    out = work / 'c_shared'
    run('cc', '-std=c99', '-Wall', '-Wextra', '-pedantic', '-Werror', f'-DGATELET_EXPECTED={number}', here / 'consumer.c', '-o', out,
        *pkg_config('--cflags', '--libs'))
    run(out)


def sqlite_example():
    """The example brings a store of its own: C99, by the installed headers alone, and it keeps what a store must promise."""
    example = source / 'examples' / 'sqlite_store'
    flags = pkg_config('--cflags', '--libs') + run('pkg-config', '--cflags', '--libs', 'sqlite3').split()
    for name in ('check', 'host'):
        run('cc', '-std=c99', '-Wall', '-Wextra', '-pedantic', '-Werror', example / f'{name}.c', example / 'sqlite_store.c', '-o', work / name, *flags)
    said = run(work / 'check', work / 'sessions.db')
    assert said == 'every promise is kept\n', said
    said = run(work / 'host', work / 'sessions.db')
    assert said == 'ready\n', said
    text = (example / 'sqlite_store.c').read_text()
    assert len(text.splitlines()) < 150, 'the store is no longer short'


def store_check_in_cxx():
    out = work / 'store_check'
    (work / 'store_check.cpp').write_text(
        '#include <gatelet/unstable/store_check.hpp>\n'
        'struct Nothing : gatelet::SessionStore {\n'
        '  gatelet::Result<std::optional<std::string>> get(std::string_view) override { return std::optional<std::string>(); }\n'
        '  gatelet::Result<bool> write(const Write&) override { return true; }\n'
        '};\n'
        'int main() {\n'
        '  Nothing nothing;\n'
        '  return gatelet::check_store(nothing, nothing, "check:", stdout) > 0 ? 0 : 1;\n'
        '}\n')
    run('c++', '-std=c++20', '-Wall', '-Wextra', '-pedantic', '-Werror', work / 'store_check.cpp', '-o', out, *pkg_config('--cflags', '--libs'))
    assert 'not kept: a value of 1 MiB, of all bytes, comes back as it was' in run(out)


def cxx_program():
    out = work / 'cxx_shared'
    run('c++', '-std=c++20', here / 'consumer.cpp', '-o', out, *pkg_config('--cflags', '--libs'))
    run(out)


def cmake_program():
    folder = work / 'cmake'
    folder.mkdir()
    (folder / 'CMakeLists.txt').write_text(
        'cmake_minimum_required(VERSION 3.16)\nproject(consumer CXX)\nset(CMAKE_CXX_STANDARD 20)\n'
        f'find_package(gatelet {major}.{minor} REQUIRED)\nadd_executable(consumer {here}/consumer.cpp)\n'
        'target_link_libraries(consumer gatelet::gatelet)\n')
    run('cmake', '-S', folder, '-B', folder / 'build', f'-DCMAKE_PREFIX_PATH={prefix}', f'-DCMAKE_LIBRARY_PATH={libdir}')
    run('cmake', '--build', folder / 'build')
    run(folder / 'build' / 'consumer')


def cmake_refuses_another_minor():
    folder = work / 'cmake_other'
    folder.mkdir()
    (folder / 'CMakeLists.txt').write_text(
        f'cmake_minimum_required(VERSION 3.16)\nproject(consumer CXX)\nfind_package(gatelet {major}.{minor + 1} REQUIRED)\n')
    done = subprocess.run(['cmake', '-S', folder, '-B', folder / 'build', f'-DCMAKE_PREFIX_PATH={prefix}'], env=env, capture_output=True)
    assert done.returncode != 0, 'a newer minor was accepted'


def dlopen():
    library = ctypes.CDLL(str(next(libdir.glob('libgatelet.so.0'))))
    library.gatelet_version.restype = ctypes.c_uint32
    assert library.gatelet_version() == number


def subproject():
    folder = work / 'subproject'
    (folder / 'subprojects').mkdir(parents=True)
    (folder / 'subprojects' / 'gatelet').symlink_to(source, target_is_directory=True)
    (folder / 'meson.build').write_text(
        "project('consumer', 'cpp', 'c', default_options: ['cpp_std=c++20', 'c_std=c99', 'buildtype=plain', 'b_lundef=false'])\n"
        "gatelet = subproject('gatelet', default_options: ['default_library=static']).get_variable('gatelet_dep')\n"
        "executable('consumer', 'consumer.cpp', dependencies: gatelet)\n"
        f"executable('consumer_c', 'consumer.c', c_args: '-DGATELET_EXPECTED={number}', dependencies: gatelet)\n")
    for name in ('consumer.cpp', 'consumer.c'):
        shutil.copy(here / name, folder / name)
    run('meson', 'setup', folder / 'build', folder)
    run('ninja', '-C', folder / 'build')
    run(folder / 'build' / 'consumer')
    run(folder / 'build' / 'consumer_c')
    archives = list((folder / 'build').rglob('libgatelet.a'))
    assert archives, 'the subproject did not build a static library'
    assert not list((folder / 'build').rglob('*_test')), 'a subproject builds no tests'
    # The same archive serves a C program that knows it from pkg-config, static.
    shutil.copy(archives[0], work / 'libgatelet.a')


def static_program():
    out = work / 'c_static'
    # Our code static, what it needs from the system: Debian's libcurl names static libraries that no package brings.
    needed = run('pkg-config', '--print-requires-private', 'gatelet').split('\n')
    needed = [line.split()[0] for line in needed if line.strip()]
    private = [f for f in run('pkg-config', '--static', '--libs-only-l', 'gatelet').split() if f == '-lstdc++']
    flags = run('pkg-config', '--libs', *needed).split() + private + ['-pthread']
    run('cc', '-std=c99', f'-DGATELET_EXPECTED={number}', '-I', prefix / 'include', here / 'consumer.c', '-o', out, work / 'libgatelet.a', *flags)
    run(out)


try:
    libdir = install()
    case('the installed files are there and leak nothing private', installed_files)
    case('a C99 program builds by pkg-config', c_program)
    case('a C++20 program builds by pkg-config', cxx_program)
    case('a store in C++ can be checked', store_check_in_cxx)
    if subprocess.run(['pkg-config', '--exists', 'sqlite3']).returncode == 0:
        case('the example with SQLite builds by pkg-config and keeps its promises', sqlite_example)
    else:
        skipped += 1
        print('skip the example with SQLite: libsqlite3-dev is not installed')
    case('a CMake project finds the package', cmake_program)
    case('a CMake project of another minor is refused', cmake_refuses_another_minor)
    case('dlopen from Python works', dlopen)
    case('a Meson subproject builds, static, without tests', subproject)
    case('a C program links the static library', static_program)
finally:
    shutil.rmtree(work, ignore_errors=True)
print(f'{passed} passed, {failed} failed, {skipped} skipped')
sys.exit(1 if failed else 0)
