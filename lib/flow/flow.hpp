// Flow<T>: a sequence of pure steps and effects, written as a coroutine without an executor.
//
//   Flow<Decision> finish_login(FinishLogin in) {
//     auto reply = co_await std::move(call);      // an effect: the driver's reply
//     auto tokens = co_await read(reply);         // a Result<X>: its value
//     auto id = co_await identity_of(request);    // another Flow<X>: its value
//     auto maybe = co_await attempt(other);       // an effect's or a flow's outcome, failure
//     included co_return decision;                         // a T or an Error
//   }
//
// Without attempt(), a failure ends the flow with that error, and every flow that awaits it, up to
// one that attempts. A flow starts suspended, does no I/O and reads no clock: `co_await now()` is
// the arrival time of the last reply. Arguments must own their data and effects must not be
// aggregates; both are enforced below. g++ 12 destroys braced aggregate temporaries, and what a
// conditional expression yields, twice when they stand inside a co_await expression: name values
// before awaiting them.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "flow/effect.hpp"

namespace gatelet::flow {

template <class T>
class Flow;

// co_await now(): the time of the last reply, or of the start.
struct Now {
  explicit Now() = default;
};
inline Now now() noexcept { return Now{}; }

// co_await run_to_end(): whoever waits for the flow may go away from here on, the flow goes on: it
// has in hand what would be lost. Sending a grant says so by itself.
struct RunToEnd {
  explicit RunToEnd() = default;
};
inline RunToEnd run_to_end() noexcept { return RunToEnd{}; }

// co_await attempt(x): the outcome of an effect or a flow as a Result, failure included.
template <class X>
class Attempt {
 public:
  explicit Attempt(X x) : wrapped(std::move(x)) {}
  X wrapped;
};
template <class X>
Attempt<X> attempt(X x) {
  return Attempt<X>(std::move(x));
}

namespace detail {

class PromiseBase;

// What one run shares with every flow it awaits: where it stands, and effect and reply on their
// way.
class Frame {
 public:
  PromiseBase* standing = nullptr;  // the flow that waits for the reply
  bool attempting = false;          // ... and wants to see a failure
  std::optional<Effect> effect;
  std::optional<Reply> reply;
  Instant now{};
  bool must_finish = false;
};

template <class E>
struct ReplyOf {};
template <>
struct ReplyOf<HttpCall> {
  using type = HttpReply;
};
template <>
struct ReplyOf<Delay> {
  using type = Elapsed;
};
template <>
struct ReplyOf<Refetch> {
  using type = Refetched;
};
template <>
struct ReplyOf<PasswordCheck> {
  using type = PasswordChecked;
};
template <>
struct ReplyOf<StoreCall> {
  using type = StoreReply;
};
template <>
struct ReplyOf<HookCall> {
  using type = HookPassed;
};
template <class E>
concept AnEffect = requires {
  typename ReplyOf<E>::type;
};

// The part of a promise that does not depend on T.
class PromiseBase {
 public:
  virtual bool failed() const noexcept = 0;
  virtual void fail(Error error) = 0;
  virtual Error take_error() = 0;

  // This flow has ended: whoever continues now. A failure passes through every flow that did not
  // attempt.
  std::coroutine_handle<> after_end() {
    PromiseBase* ended = this;
    while (ended->parent != nullptr) {
      PromiseBase* next = ended->parent;
      if (ended->attempted || !ended->failed()) return next->self;
      next->fail(ended->take_error());
      ended = next;
    }
    return std::noop_coroutine();
  }

  Frame* frame = nullptr;
  PromiseBase* parent = nullptr;
  std::coroutine_handle<> self;
  bool attempted = false;  // the parent awaits this flow with attempt()

 protected:
  ~PromiseBase() = default;
};

// Stands in the frame until the driver has the reply; then gives its value, or the Result when
// attempting.
template <class E, bool attempting>
struct EffectAwaiter {
  E effect;
  PromiseBase* promise;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    auto& frame = *promise->frame;
    if constexpr (std::is_same_v<E, HttpCall>)
      frame.must_finish = frame.must_finish || effect.is_grant;
    frame.standing = promise;
    frame.attempting = attempting;
    frame.effect.emplace(std::move(effect));
  }
  auto await_resume() {
    using Value = typename ReplyOf<E>::type;
    Result<Outcome> outcome = std::move(promise->frame->reply->outcome);
    promise->frame->reply.reset();
    if constexpr (attempting) {
      if (!outcome.ok()) return Result<Value>(std::move(outcome).error());
      return Result<Value>(std::get<Value>(std::move(outcome).value()));
    } else {
      return std::get<Value>(std::move(outcome).value());
    }
  }
};

template <class X>
struct ResultAwaiter {
  Result<X> result;
  PromiseBase* promise;

  bool await_ready() const noexcept { return result.ok(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<>) {
    promise->fail(std::move(result).error());
    return promise->after_end();
  }
  X await_resume() {
    if constexpr (!std::is_void_v<X>) return std::move(result).value();
  }
};

template <class X, bool attempting>
struct FlowAwaiter {
  Flow<X> child;
  PromiseBase* promise;

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<>) {
    auto& inner = child.promise();
    inner.frame = promise->frame;
    inner.parent = promise;
    inner.attempted = attempting;
    return inner.self;
  }
  auto await_resume() {
    if constexpr (attempting) {
      return child.take();
    } else {
      return std::move(child.take()).value();
    }
  }
};

struct NowAwaiter {
  Instant at;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  Instant await_resume() const noexcept { return at; }
};

template <class A>
inline constexpr bool owns_its_data = !std::is_reference_v<A> && !std::is_pointer_v<A> &&
                                      !std::is_same_v<std::remove_cv_t<A>, std::string_view>;
template <class U, std::size_t N>
inline constexpr bool owns_its_data<std::span<U, N>> = false;

}  // namespace detail

template <class T>
class [[nodiscard]] Flow {
 public:
  class promise_type final : public detail::PromiseBase {
   public:
    promise_type() { self = std::coroutine_handle<promise_type>::from_promise(*this); }

    Flow get_return_object() {
      return Flow(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }

    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().after_end();
      }
      void await_resume() const noexcept {}
    };
    Final final_suspend() noexcept { return {}; }

    void return_value(Result<T> result) { result_.emplace(std::move(result)); }

    // Nothing in a flow is expected to throw; memory can run out. The texts are short enough to be
    // made without allocating.
    void unhandled_exception() {
      try {
        throw;
      } catch (const std::bad_alloc&) {
        fail({Status::out_of_memory, "memory ran out"});
      } catch (...) {
        fail({Status::internal, "exception"});
      }
    }

    bool failed() const noexcept override { return result_ && !result_->ok(); }
    void fail(Error error) override { result_.emplace(std::move(error)); }
    Error take_error() override { return std::move(*result_).error(); }

    detail::NowAwaiter await_transform(Now) noexcept { return {frame->now}; }
    std::suspend_never await_transform(RunToEnd) noexcept {
      // The analyzer does not see that whoever starts or awaits a flow has set its frame.
      frame->must_finish = true;  // NOLINT(clang-analyzer-core.NullDereference)
      return {};
    }

    template <detail::AnEffect E>
    detail::EffectAwaiter<E, false> await_transform(E effect) {
      static_assert(!std::is_aggregate_v<E>, "effects must not be aggregates (g++ 12)");
      return {std::move(effect), this};
    }
    template <detail::AnEffect E>
    detail::EffectAwaiter<E, true> await_transform(Attempt<E> effect) {
      return {std::move(effect.wrapped), this};
    }
    template <class X>
    detail::ResultAwaiter<X> await_transform(Result<X> result) {
      return {std::move(result), this};
    }
    template <class X>
    detail::FlowAwaiter<X, false> await_transform(Flow<X> child) {
      return {std::move(child), this};
    }
    template <class X>
    detail::FlowAwaiter<X, true> await_transform(Attempt<Flow<X>> child) {
      return {std::move(child.wrapped), this};
    }

    std::optional<Result<T>> result_;
  };

  Flow(Flow&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Flow& operator=(Flow&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Flow() {
    if (handle_) handle_.destroy();
  }

  promise_type& promise() const noexcept { return handle_.promise(); }
  bool has_ended() const noexcept { return promise().result_.has_value(); }
  Result<T> take() { return std::move(*promise().result_); }  // requires has_ended(); once

 private:
  explicit Flow(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// One flow being run: start it, then feed replies until no effect comes back; then take() the
// result.
template <class T>
class Run {
 public:
  explicit Run(Flow<T> flow) : flow_(std::move(flow)), frame_(std::make_unique<detail::Frame>()) {
    flow_.promise().frame = frame_.get();
  }

  std::optional<Effect> start(Instant now) {
    frame_->now = now;
    flow_.promise().self.resume();
    return std::exchange(frame_->effect, std::nullopt);
  }

  std::optional<Effect> resume(Reply reply) {
    auto* standing = frame_->standing;
    frame_->now = reply.arrived;
    if (!reply.outcome.ok() && !frame_->attempting) {
      standing->fail(std::move(reply.outcome).error());
      standing->after_end().resume();
    } else {
      frame_->reply.emplace(std::move(reply));
      standing->self.resume();
    }
    return std::exchange(frame_->effect, std::nullopt);
  }

  bool has_ended() const noexcept { return flow_.has_ended(); }
  bool must_finish() const noexcept { return frame_->must_finish; }
  Instant now() const noexcept { return frame_->now; }
  Result<T> take() { return flow_.take(); }

 private:
  Flow<T> flow_;
  std::unique_ptr<detail::Frame> frame_;
};

}  // namespace gatelet::flow

// A flow's arguments live in its coroutine frame: they must own what they refer to.
template <class T, class... Args>
struct std::coroutine_traits<gatelet::flow::Flow<T>, Args...> {
  static_assert((gatelet::flow::detail::owns_its_data<Args> && ...),
                "a Flow takes owning values: no reference, pointer, string_view or span, and no "
                "member coroutines");
  static_assert((!std::is_aggregate_v<Args> && ...),
                "a Flow's arguments must not be aggregates (g++ 12)");
  using promise_type = typename gatelet::flow::Flow<T>::promise_type;
};
