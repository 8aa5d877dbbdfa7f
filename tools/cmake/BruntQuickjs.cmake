# quickjs-ng as a library of its own: foreign code, so none of our warnings; -O3 where speed counts, and little in
# debug builds, where compiling it would take minutes. quickjs_glue.c includes quickjs.c and adds what needs its hidden fields.
add_library(brunt_quickjs STATIC
    ${CMAKE_SOURCE_DIR}/src/script/js/quickjs_glue.c
    ${QUICKJS_DIR}/libregexp.c ${QUICKJS_DIR}/libunicode.c ${QUICKJS_DIR}/dtoa.c)
target_link_libraries(brunt_quickjs PUBLIC brunt_flags brunt_base)
target_include_directories(brunt_quickjs SYSTEM PUBLIC ${QUICKJS_DIR})
# Options of the files come after those of brunt_flags and so win over them.
set(quickjs_options $<IF:$<CONFIG:Debug>,-O1,-O3> -fno-stack-protector -Werror=implicit-function-declaration)
if(BRUNT_SANITIZE OR BRUNT_FUZZ)
    list(APPEND quickjs_options -fno-sanitize=undefined)
endif()
get_target_property(quickjs_sources brunt_quickjs SOURCES)
set_source_files_properties(${quickjs_sources} PROPERTIES COMPILE_OPTIONS "${quickjs_options}")
