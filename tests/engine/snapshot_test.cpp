#include "engine/snapshot.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::engine;

namespace {

std::shared_ptr<const oidc::ProviderState> state_of(std::string_view id,
                                                    bool has_metadata = false) {
  auto provider = std::make_shared<oidc::Provider>();
  provider->id = id;
  auto state = std::make_shared<oidc::ProviderState>();
  state->provider = std::move(provider);
  state->has_metadata = has_metadata;
  return state;
}

std::shared_ptr<const Snapshot> snapshot_of(std::uint64_t generation,
                                            std::vector<std::string_view> ids) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = generation;
  for (const auto id : ids) snapshot->providers.push_back(state_of(id));
  return snapshot;
}

}  // namespace

TEST_SUITE("engine/snapshot") {
  TEST_CASE("provider: by id; the empty id is the only one, where there is but one") {
    const auto one = snapshot_of(1, {"default"}), two = snapshot_of(1, {"a", "b"});
    CHECK(one->provider("")->provider->id == "default");
    CHECK(one->provider("default"));
    CHECK_FALSE(one->provider("other"));
    CHECK_FALSE(two->provider(""));
    CHECK(two->provider("b")->provider->id == "b");
  }

  TEST_CASE(
      "update_provider: replaces one provider, in a new snapshot; the old one stays as it was") {
    SnapshotBox box(snapshot_of(1, {"a", "b"}));
    const auto before = box.load();
    box.update_provider(1, state_of("b", true));
    CHECK(box.load()->provider("b")->has_metadata);
    CHECK_FALSE(box.load()->provider("a")->has_metadata);
    CHECK_FALSE(before->provider("b")->has_metadata);
  }

  TEST_CASE(
      "update_provider: what was fetched for replaced settings is dropped, an unknown provider as "
      "well") {
    SnapshotBox box(snapshot_of(1, {"a"}));
    box.store(snapshot_of(2, {"a"}));
    box.update_provider(1, state_of("a", true));
    CHECK_FALSE(box.load()->provider("a")->has_metadata);
    box.update_provider(2, state_of("z", true));
    CHECK(box.load()->providers.size() == 1);
  }
}
