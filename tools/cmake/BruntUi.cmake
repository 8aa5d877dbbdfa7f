# The web page: ui/ is built with npm (tools/build-ui) and becomes part of the library brunt_assets. All build folders
# share what npm makes (build/ui). Without npm the program has a page that says so; CI has BRUNT_UI=REQUIRED.
set(BRUNT_UI "ON" CACHE STRING "The web page: ON (when npm is there), OFF, or REQUIRED")
set_property(CACHE BRUNT_UI PROPERTY STRINGS ON OFF REQUIRED)
find_program(NPM npm)
find_program(NODE NAMES node nodejs)

function(brunt_ui_problem ret_problem)
    if(NOT NODE OR NOT NPM)
        set(${ret_problem} "node and npm are not installed" PARENT_SCOPE)
        return()
    endif()
    execute_process(COMMAND ${NODE} --version OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    string(REGEX REPLACE "^v([0-9]+).*" "\\1" major "${version}")
    if(NOT major GREATER_EQUAL 18)
        set(${ret_problem} "node is ${version}, and 18 or later is needed" PARENT_SCOPE)
    endif()
endfunction()

set(BRUNT_HAS_UI OFF)
if(BRUNT_UI AND NOT BRUNT_FUZZ)
    set(problem "")
    brunt_ui_problem(problem)
    if(NOT problem)
        set(BRUNT_HAS_UI ON)
    elseif(BRUNT_UI STREQUAL "REQUIRED")
        message(FATAL_ERROR "BRUNT_UI=REQUIRED, but ${problem}; tools/setup installs them")
    else()
        message(WARNING "The program will be built WITHOUT its web page: ${problem} (tools/setup installs them)")
    endif()
endif()

# Adds the page to the library, or what there is instead.
function(brunt_embed_ui library)
    if(NOT BRUNT_HAS_UI)
        target_sources(${library} PRIVATE ${CMAKE_SOURCE_DIR}/src/assets/web_assets_none.c)
        return()
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/ui/src/* ${CMAKE_SOURCE_DIR}/ui/public/*)
    set(made ${CMAKE_BINARY_DIR}/ui_assets.c)
    add_custom_command(OUTPUT ${made}
        COMMAND ${CMAKE_SOURCE_DIR}/tools/build-ui ${made}
        DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/ui/index.html ${CMAKE_SOURCE_DIR}/ui/package.json
            ${CMAKE_SOURCE_DIR}/ui/package-lock.json ${CMAKE_SOURCE_DIR}/ui/tsconfig.json
            ${CMAKE_SOURCE_DIR}/ui/vite.config.ts ${CMAKE_SOURCE_DIR}/tools/build-ui ${CMAKE_SOURCE_DIR}/tools/embed.mjs
        COMMENT "Building the web page" VERBATIM)
    target_sources(${library} PRIVATE ${made})
endfunction()
