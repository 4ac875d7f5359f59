// gatelet: sign-in for your own server. Start here.
//
//   Settings  what you configure           settings.hpp
//   Engine    answers requests             engine.hpp
//   Decision  what to do with one request  decision.hpp
//   Identity  who is behind it             identity.hpp
//   Operation an answer in flight          operation.hpp
//   Sessions  those of one person          sessions.hpp
//   Result    a value or an Error          result.hpp
//   Ports     time, chance, files, events  ports.hpp
//   SessionStore  a database of your own   store.hpp
//
// examples/decide_cpp.cpp is the shortest whole program.
#pragma once

#include <gatelet/decision.hpp>
#include <gatelet/engine.hpp>
#include <gatelet/identity.hpp>
#include <gatelet/operation.hpp>
#include <gatelet/ports.hpp>
#include <gatelet/request.hpp>
#include <gatelet/result.hpp>
#include <gatelet/secret.hpp>
#include <gatelet/sessions.hpp>
#include <gatelet/settings.hpp>
#include <gatelet/store.hpp>
#include <gatelet/version.hpp>
