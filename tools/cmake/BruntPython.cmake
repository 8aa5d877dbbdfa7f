# The Python language as a shared object, which the program loads when a script ends in .py: the program itself never
# links libpython. What it needs of base is compiled into it; all else it gets from the program (script/plugin.h).
option(BRUNT_PYTHON "Build the plug-in for scripts in Python" ON)

function(brunt_python_plugin)
    if(NOT BRUNT_PYTHON OR BRUNT_FUZZ)
        return()
    endif()
    pkg_search_module(PYTHON IMPORTED_TARGET GLOBAL python3-embed python-3.13-embed python-3.12-embed python-3.11-embed)
    if(NOT PYTHON_FOUND OR PYTHON_VERSION VERSION_LESS 3.11)
        message(STATUS "No libpython3-dev: brunt will not run scripts in Python")
        return()
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/script/py/*.c)
    list(FILTER sources EXCLUDE REGEX "_test\\.c$")
    add_library(brunt_python MODULE ${sources}
        ${CMAKE_SOURCE_DIR}/src/base/arena.c ${CMAKE_SOURCE_DIR}/src/base/buf.c ${CMAKE_SOURCE_DIR}/src/base/mem.c
        ${CMAKE_SOURCE_DIR}/src/base/str.c)
    target_link_libraries(brunt_python PRIVATE brunt_flags PkgConfig::PYTHON)
    # Later Pythons deprecate what 3.11 has no other way for.
    target_compile_options(brunt_python PRIVATE
        $<$<COMPILE_LANGUAGE:C>:${BRUNT_WARNINGS} -Wno-deprecated-declarations>
        $<$<COMPILE_LANGUAGE:C>:-include;${CMAKE_SOURCE_DIR}/src/base/banned.h>)
    set_target_properties(brunt_python PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
        POSITION_INDEPENDENT_CODE ON)
    # The packages that scripts import lie beside the plug-in.
    add_custom_command(TARGET brunt_python POST_BUILD COMMAND ${CMAKE_COMMAND} -E create_symlink
        ${CMAKE_SOURCE_DIR}/py ${CMAKE_BINARY_DIR}/py)
endfunction()

brunt_python_plugin()
