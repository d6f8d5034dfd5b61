// How single values are written in a configuration: durations, sizes, numbers, booleans, secrets. Pure functions except
// resolve_secret, which reads what the secret points to. A failure is Code::invalid with a text that says what is
// expected.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/document.hpp>
#include <switchhook/result.hpp>

namespace switchhook::config {

// A whole number with a unit: 500ms, 10s, 5min, 24h, 7d. Zero needs its unit too.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// The same way back, in the largest unit that needs no fraction: 5000 ms is "5s".
std::string duration_text(std::chrono::milliseconds time);
// A whole number, with or without a unit: 512, 64KiB, 2MiB, 1GiB, 1TiB.
Result<std::int64_t> parse_bytes(std::string_view text);
// Decimal, an optional minus, no leading zeros (YAML 1.1 would read them as octal), no sign plus, no underscores.
Result<std::int64_t> parse_integer(std::string_view text);
// true or false, also True, TRUE, False, FALSE (YAML 1.2, 10.3.2). `yes` and `on` are refused: YAML 1.1 and 1.2
// disagree.
Result<bool> parse_boolean(std::string_view text);

// The secret itself, or what env:NAME, file:/absolute/path (one trailing line end removed) or credential:NAME (a file
// in $CREDENTIALS_DIRECTORY, systemd.exec(5)) points to. A file that others can read is a warning. Neither the Status
// nor a warning ever holds the secret. At most 64 KiB.
Result<std::string> resolve_secret(const Node& node, std::vector<Problem>& warnings);

// Whether the name is one of those known; the text lists them, and the nearest.
Status known_name(const std::string& name, std::span<const std::string_view> known);

// Whether a secret that begins with whsec_ goes on as Standard Webhooks says: Base64 (RFC 4648, 4) of 16 bytes or more.
// Any other is a secret as it stands. The text never holds the secret.
Status check_secret_form(std::string_view secret);

// The known word that somebody who typed `word` probably meant; empty when nothing is near.
std::string nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace switchhook::config
