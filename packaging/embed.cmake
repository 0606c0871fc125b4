# Turns the text file IN into a C++ raw string literal in OUT: the script that a reader sees in the
# source tree is, byte for byte, the one that runs on a host.
file(READ ${IN} text)
string(LENGTH "${text}" length)
set(out "")
# A string literal may hold 64 KiB with every compiler; scripts are far below that.
if(length GREATER 60000)
  message(FATAL_ERROR "${IN} is too long to be embedded")
endif()
file(WRITE ${OUT} "R\"__sh__(${text})__sh__\"\n")
