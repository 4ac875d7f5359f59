#include <gatelet/operation.hpp>

#include <string>
#include <utility>

#include <gatelet/decision.hpp>
#include <gatelet/identity.hpp>
#include <gatelet/sessions.hpp>

#include "io/completions.hpp"

namespace gatelet::inline GATELET_CXX_ABI {
namespace {

// Operation<T> is made from a CompletionOf<T> and nothing else.
template <class T>
io::CompletionOf<T>& of(io::Completion& completion) {
  return static_cast<io::CompletionOf<T>&>(completion);
}

}  // namespace

template <class T>
Operation<T>::Operation(std::shared_ptr<io::Completion> completion) noexcept
    : completion_(std::move(completion)) {}

template <class T>
Operation<T>::Operation(Operation&&) noexcept = default;

template <class T>
Operation<T>& Operation<T>::operator=(Operation&& other) noexcept {
  if (this == &other) return *this;
  if (const auto old = std::exchange(completion_, std::move(other.completion_))) old->drop();
  return *this;
}

template <class T>
Operation<T>::~Operation() {
  if (completion_) completion_->drop();
}

template <class T>
Result<T> Operation<T>::wait(Deadline deadline) {
  if (!completion_) return Error{Status::invalid_state, "the operation was moved from"};
  return of<T>(*completion_).wait(deadline);
}

template <class T>
void Operation<T>::on_done(Callback<T> done) {
  if (completion_) of<T>(*completion_).on_done(std::move(done));
}

template <class T>
bool Operation<T>::is_forked() const noexcept {
  return completion_ && completion_->is_forked();
}

template <class T>
void Operation<T>::cancel() noexcept {
  if (completion_) completion_->cancel();
}

template class GATELET_API Operation<Decision>;
template class GATELET_API Operation<Identity>;
template class GATELET_API Operation<Sessions>;

}  // namespace gatelet::inline GATELET_CXX_ABI
