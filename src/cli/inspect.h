// Read-only commands about the present: `ready`, `status`, `audit`.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "planner/diagnosis.h"

namespace switchback {

// A paragraph each: what is wrong, what was seen of it, and the command that leads on.
void print_diagnoses(const std::vector<Diagnosis>& found);

int show_ready(const Options& options, const std::string& application, bool brief);
int show_status(const Options& options, const std::string& application);
// What is wrong with the whole picture, and how a person leads out of it; changes nothing.
int show_resolve(const Options& options, const std::string& application);
// `head` is a journal head that was kept elsewhere ("RUN SEQUENCE HASH"), empty: none. With
// `ask_hosts` the heads that the hosts keep are compared too.
int audit_verify(const Options& options, const std::string& application, const std::string& head,
                 bool ask_hosts);
int audit_export(const Options& options, const std::string& application);

}  // namespace switchback
