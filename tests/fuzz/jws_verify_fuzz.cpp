// Signature verification with real keys: accepted is what the RFCs print, and nothing else.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "jose/signature.hpp"
#include "json/reader.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

// RFC 7515 A.2 (k1, RS256), A.3 (k2, ES256) and RFC 8037 A.4 (k3, EdDSA); their tokens have no kid.
constexpr std::string_view key_set_text =
    R"({"keys":[{"kty":"RSA","kid":"k1","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQ)"
    R"(oTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG)"
    R"(6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapH)"
    R"(g665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkML)"
    R"(s91kzk2PAcDTW9gb54h4FRWyuXpoQ"},)"
    R"({"kty":"EC","kid":"k2","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
    R"({"kty":"OKP","kid":"k3","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

constexpr std::string_view joe =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
constexpr std::string_view rs256_signature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUT"
    "I8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

const std::array<std::string, 3>& known_good() {
  static const std::array<std::string, 3> tokens = {
      "eyJhbGciOiJSUzI1NiJ9." + std::string(joe) + "." + std::string(rs256_signature),
      "eyJhbGciOiJFUzI1NiJ9." + std::string(joe) +
          ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"};
  return tokens;
}

constexpr std::array<jose::Algorithm, 10> all_algorithms = {
    jose::Algorithm::rs256, jose::Algorithm::rs384, jose::Algorithm::rs512, jose::Algorithm::ps256,
    jose::Algorithm::ps384, jose::Algorithm::ps512, jose::Algorithm::es256, jose::Algorithm::es384,
    jose::Algorithm::es512, jose::Algorithm::eddsa};

const jose::KeySet& keys() {
  static const jose::KeySet set = jose::parse_key_set(key_set_text).value();
  return set;
}

bool is_accepted(std::string_view token) {
  return jose::verify_signature(token, keys(), all_algorithms).ok();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  require(keys().keys().size() == known_good().size());
  for (const auto& token : known_good()) require(is_accepted(token));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto& good = known_good();
  if (is_accepted(input)) require(std::find(good.begin(), good.end(), input) != good.end());
  return 0;
}
