# refused.cmake - the compiler must take SOURCE as it is, and with -DREFUSE refuse it with the message it names.
# Both halves: a snippet that fails for another reason, or whose message has gone, proves nothing.
file(STRINGS ${SOURCE} wanted REGEX "REFUSED: " LIMIT_COUNT 1)
string(REGEX REPLACE "^.*REFUSED: *" "" wanted "${wanted}")
string(STRIP "${wanted}" wanted)
if(wanted STREQUAL "")
  message(FATAL_ERROR "${SOURCE} does not say what message it wants")
endif()

# One long line a diagnostic, in English, whatever terminal and locale this runs in.
set(ENV{LC_ALL} C)
separate_arguments(INCLUDE)
set(compile ${COMPILER} -std=gnu17 -fsyntax-only -D_GNU_SOURCE ${INCLUDE})

execute_process(COMMAND ${compile} ${SOURCE} RESULT_VARIABLE result ERROR_VARIABLE text OUTPUT_VARIABLE text)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "what is allowed does not compile:\n${text}")
endif()

execute_process(COMMAND ${compile} -DREFUSE ${SOURCE} RESULT_VARIABLE result ERROR_VARIABLE text OUTPUT_VARIABLE text)
if(result EQUAL 0)
  message(FATAL_ERROR "it was not refused")
endif()
string(FIND "${text}" "${wanted}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "it was refused, but not with \"${wanted}\":\n${text}")
endif()
