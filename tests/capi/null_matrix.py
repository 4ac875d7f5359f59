#!/usr/bin/env python3
"""null_matrix.py HEADER... OUT (LO-07 of the security catalogue): writes a C program that calls every function of the C API with NULL for each pointer in turn.

Where a pointer may be NULL the header says so, and ALLOWED below repeats it; everywhere else a function that returns a status
must answer INVALID_ARGUMENT and leave its outputs NULL, and every other one its deny value. A function the header has and
this program could not read is an error.
"""
import re
import sys

*headers, out = sys.argv[1:]
header = re.sub(r'/\*.*?\*/', ' ', '\n'.join(open(name).read() for name in headers), flags=re.S)
declared = re.findall(r'GATELET_C_API\s+([\w\s]+?[\s*]+)(gatelet_\w+)\s*\(((?:[^()]|\([^()]*\))*)\)\s*;', header)
num_declared = len(re.findall(r'^GATELET_C_API ', header, re.M))
if len(declared) != num_declared:
    sys.exit(f'null_matrix: read {len(declared)} functions of {num_declared}')

# Pointers that may be NULL, by function and position.
ALLOWED = {
    ('gatelet_config_set', 3), ('gatelet_config_load', 3), ('gatelet_config_load_env', 2), ('gatelet_config_on_event', 2), ('gatelet_config_on_event', 3),
    ('gatelet_config_on_session', 3), ('gatelet_config_on_session', 4),
    ('gatelet_config_set_store', 2), ('gatelet_config_set_store', 3), ('gatelet_config_set_store', 4), ('gatelet_engine_create', 2), ('gatelet_engine_reload', 2), ('gatelet_decide', 4), ('gatelet_identify', 4), ('gatelet_set_session_data', 6),
    ('gatelet_begin_login', 2), ('gatelet_begin_login', 5), ('gatelet_finish_login', 4), ('gatelet_sign_out', 2),
    ('gatelet_sign_out', 5), ('gatelet_op_wait', 3), ('gatelet_op_on_done', 2), ('gatelet_op_on_done', 3), ('gatelet_metrics', 2),
    ('gatelet_list_sessions', 3), ('gatelet_list_sessions', 6), ('gatelet_revoke_session', 6), ('gatelet_revoke_sessions', 3), ('gatelet_revoke_sessions', 6),
    ('gatelet_op_wait_sessions', 3), ('gatelet_op_on_sessions', 2), ('gatelet_op_on_sessions', 3),
    ('gatelet_decision_headers', 2), ('gatelet_request_line', 2), ('gatelet_request_line', 5),
}
# What a function without a status answers when its object is NULL.
DENIES = {
    'gatelet_decision_kind': 'GATELET_UNAUTHORIZED', 'gatelet_decision_http_status': '401', 'gatelet_loop_fd': '-1',
    'gatelet_loop_dispatch': '0', 'gatelet_loop_run_once': '0', 'gatelet_body_limit': '0', 'gatelet_sessions_size': '0',
}


def value(kind):
    kind = re.sub(r'\s+', ' ', kind).strip()
    if '(*' in kind:
        return 'write' if kind.startswith('void (*write)') else 'drop'
    if kind.replace(' ', '') == 'constchar*const*variables':
        return 'variables'
    base = re.sub(r'\b(const|user|out|pending|error|config|engine|request|options|decision|op|num|num_problems|on_event|on_session|done|served|store|sessions|info|current|kept)\b', '', kind).replace(' ', '')
    return {
        'gatelet_config*': 'config', 'gatelet_config**': '&new_config', 'gatelet_engine*': 'engine', 'gatelet_engine**': '&new_engine',
        'gatelet_decision*': 'decision', 'gatelet_decision**': '&new_decision', 'gatelet_op*': 'op', 'gatelet_op**': '&new_op',
        'gatelet_error*': '&error', 'gatelet_request*': '&request', 'gatelet_login_options*': '&login', 'gatelet_sign_out_options*': '&sign_out', 'gatelet_served*': '&served',
        'gatelet_store*': '&store', 'gatelet_sessions*': 'sessions', 'gatelet_sessions**': '&new_sessions', 'gatelet_session_info*': '&info', 'gatelet_sessions_fn': 'on_sessions',
        'size_t*': '&num', 'void*': '&num', 'gatelet_event_fn': 'on_event', 'gatelet_done_fn': 'on_done', 'gatelet_session_fn': 'on_session',
    }.get(base)


lines, num_cases = [], 0
for returned, name, arguments in declared:
    arguments = [] if arguments.strip() == 'void' else [a.strip() for a in re.split(r',(?![^()]*\))', arguments)]
    for i, argument in enumerate(arguments):
        if '*' not in argument and not argument.startswith(('gatelet_event_fn', 'gatelet_done_fn', 'gatelet_session_fn', 'gatelet_sessions_fn')):
            continue
        values = []
        for j, other in enumerate(arguments):
            if j == i:
                values.append('NULL')
            elif value(other):
                values.append(value(other))
            elif other.startswith('gatelet_str'):
                values.append('text')
            else:
                values.append('1' if 'moments' in other else '0')
        call = f'{name}({", ".join(values)})'
        returned = returned.strip()
        if (name, i) in ALLOWED:
            continue
        num_cases += 1
        if returned == 'gatelet_status':
            lines.append(f'  expect("{name}: NULL as argument {i + 1}", {call} == GATELET_E_INVALID_ARGUMENT && is_empty());')
        elif returned == 'void':
            lines.append(f'  {call};')
        elif name in DENIES:
            lines.append(f'  expect("{name}: NULL as argument {i + 1}", {call} == {DENIES[name]});')
        elif returned == 'gatelet_str':
            lines.append(f'  (void){call};')
        else:
            lines.append(f'  expect("{name}: NULL as argument {i + 1}", {call} == NULL);')
if num_cases < 40:
    sys.exit(f'null_matrix: only {num_cases} cases')

open(out, 'w').write('''/* Generated by null_matrix.py. */
#include <gatelet/unstable/hooks.h>
#include <gatelet/unstable/sessions.h>
#include <gatelet/unstable/store.h>

#include "engine_for_test.h"

static gatelet_config *new_config;
static gatelet_engine *new_engine;
static gatelet_decision *new_decision;
static gatelet_op *new_op;
static gatelet_sessions *new_sessions;

static const char *const variables[] = {NULL};

static int is_empty(void) { return new_config == NULL && new_engine == NULL && new_decision == NULL && new_op == NULL && new_sessions == NULL; }
static void expect(const char *what, int is_true) {
  if (!is_true) printf("not ok %s\\n", what);
  is_true ? ++num_passed : ++num_failed;
}
static void write(void *user, const char *data, size_t size) { (void)user; (void)data; (void)size; }
static void drop(void *user) { (void)user; }
static void on_event(const gatelet_event *event, void *user) { (void)event; (void)user; }
static gatelet_status on_session(const gatelet_session_event *event, gatelet_error *why, void *user) { (void)event; (void)why; (void)user; return GATELET_OK; }
static void on_done(gatelet_status status, gatelet_decision *decision, const gatelet_error *error, void *user) {
  (void)status; (void)error; (void)user;
  gatelet_decision_release(decision);
}
static void on_sessions(gatelet_status status, gatelet_sessions *sessions, const gatelet_error *error, void *user) {
  (void)status; (void)error; (void)user;
  gatelet_sessions_release(sessions);
}

int main(void) {
  gatelet_config *config = offline_config();
  gatelet_engine *engine = engine_of(absent_config());
  gatelet_request request = request_for("/reports");
  gatelet_login_options login = GATELET_LOGIN_OPTIONS_INIT;
  gatelet_sign_out_options sign_out = GATELET_SIGN_OUT_OPTIONS_INIT;
  gatelet_served served = GATELET_SERVED_INIT;
  gatelet_store store = GATELET_STORE_INIT;
  gatelet_error error = GATELET_ERROR_INIT;
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_sessions *sessions = NULL;
  gatelet_session_info info = GATELET_SESSION_INFO_INIT;
  gatelet_str text = str("x");
  size_t num = 0;
  gatelet_decide(engine, &request, &decision, &op, &error);
  gatelet_failure(engine, &request, GATELET_E_INTERNAL, &decision);
  gatelet_revoke_sessions(engine, text, text, NULL, &sessions, &new_op, &error);
  expect("the objects of the matrix are there", config != NULL && engine != NULL && decision != NULL && op != NULL && sessions != NULL);
''' + '\n'.join(lines) + '''
  gatelet_decision_release(decision);
  gatelet_op_release(op);
  gatelet_sessions_release(sessions);
  gatelet_engine_release(engine);
  gatelet_config_free(config);
  (void)run_case;
  (void)served;
  (void)store;
  (void)is_text;
  return report();
}
''')
