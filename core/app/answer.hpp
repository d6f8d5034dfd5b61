// How a command ends: its text on standard output, or what went wrong on standard error, and the exit code.
#pragma once

#include <span>
#include <string>

#include <switchhook/document.hpp>
#include <switchhook/result.hpp>

#include "core/app/command_line.hpp"

namespace switchhook::app {

// Code::invalid is wrong usage (64, and how to use the command), Code::unavailable 69, anything else 70.
int answer(const CommandLine& line, const Result<std::string>& text);
int wrong_usage(const std::string& what, const std::string& command = {});

void print(const std::string& text);
// What is wrong with a configuration, on standard error; the exit code.
int refused(std::span<const Problem> problems);
void complain(const std::string& text);  // on standard error, with a line end

}  // namespace switchhook::app
