# quickjs-ng as a library of its own: foreign code, so none of our warnings; always optimised, since the interpreter's
# speed is ours. quickjs_glue.c includes quickjs.c and adds what needs its hidden fields.
add_library(brunt_quickjs STATIC
    ${CMAKE_SOURCE_DIR}/src/script/js/quickjs_glue.c
    ${QUICKJS_DIR}/libregexp.c ${QUICKJS_DIR}/libunicode.c ${QUICKJS_DIR}/dtoa.c)
target_link_libraries(brunt_quickjs PUBLIC brunt_flags brunt_base)
target_include_directories(brunt_quickjs SYSTEM PUBLIC ${QUICKJS_DIR})
# Options of the files come after those of brunt_flags and so win over them.
set(quickjs_options -w -O3 -fno-stack-protector)
if(BRUNT_SANITIZE OR BRUNT_FUZZ)
    list(APPEND quickjs_options -fno-sanitize=undefined)
endif()
get_target_property(quickjs_sources brunt_quickjs SOURCES)
set_source_files_properties(${quickjs_sources} PROPERTIES COMPILE_OPTIONS "${quickjs_options}")
