# SPDX-License-Identifier: Apache-2.0
# cmake -DOUT=embedded.h -DFILES="name=path;..." -P embed.cmake: texts as C strings.
set(text "/* Made by embed.cmake. */\n")
foreach(pair ${FILES})
  string(REGEX MATCH "^([^=]+)=(.*)$" _ "${pair}")
  set(name ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" body)
  string(REPLACE "\\" "\\\\" body "${body}")
  string(REPLACE "\"" "\\\"" body "${body}")
  string(REPLACE "\n" "\\n\"\n\t\"" body "${body}")
  string(APPEND text "static const char ${name}[] =\n\t\"${body}\";\n")
endforeach()
file(WRITE "${OUT}" "${text}")
