"""What a test expects, counted: it goes on where one does not hold."""
passed = failed = 0


def expect(what, is_true, seen=''):
    global passed, failed
    if is_true:
        passed += 1
    else:
        failed += 1
        print(f'not ok {what}: {seen}', flush=True)


def verdict():
    """Says what came of it; the exit code."""
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0
