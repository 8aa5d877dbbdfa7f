# One function per kind of target, so that no folder spells out flags of its own.
set(BRUNT_WARNINGS
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith
    -Wwrite-strings -Wundef -Wformat=2 -Wvla -Wimplicit-fallthrough -Wcast-qual)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND BRUNT_SANITIZE)
    # With a sanitizer's checks in between, gcc no longer sees that outputs are written on success.
    list(APPEND BRUNT_WARNINGS -Wno-maybe-uninitialized)
endif()
if(BRUNT_WERROR)
    list(APPEND BRUNT_WARNINGS -Werror)
endif()

add_library(brunt_flags INTERFACE)
target_compile_definitions(brunt_flags INTERFACE _GNU_SOURCE BRUNT_VERSION="${PROJECT_VERSION}")
target_compile_options(brunt_flags INTERFACE -g -fno-common -fvisibility=hidden -fstack-protector-strong)
target_include_directories(brunt_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(brunt_flags INTERFACE Threads::Threads m)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    # Assertions stay on in release (style guide, errors); NDEBUG is never defined.
    string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
    target_compile_options(brunt_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
if(BRUNT_SANITIZE)
    target_compile_options(brunt_flags INTERFACE -fsanitize=${BRUNT_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(brunt_flags INTERFACE -fsanitize=${BRUNT_SANITIZE})
endif()
if(BRUNT_FUZZ)
    target_compile_options(brunt_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
        -fno-sanitize-recover=all)
    target_link_options(brunt_flags INTERFACE -fsanitize=address,undefined)
endif()
if(BRUNT_STATIC)
    # At a fixed address, as programs in Go are: with OpenSSL inside there are 32,000 pointers in tables, and moving them
    # costs 200 page faults and a fifth of the time from start to first request. The plug-in stays movable.
    target_compile_options(brunt_flags INTERFACE
        $<$<NOT:$<BOOL:$<TARGET_PROPERTY:POSITION_INDEPENDENT_CODE>>>:-fno-pie>)
    target_link_options(brunt_flags INTERFACE $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
endif()
if(BRUNT_LTO)
    # One partition: the few megabytes here link in seconds, and the hot path crosses folders.
    target_compile_options(brunt_flags INTERFACE -flto=auto -fno-fat-lto-objects)
    target_link_options(brunt_flags INTERFACE -flto=auto)
endif()

# brunt_folder(NAME [FRAME bytes] [LIBS lib ...]) makes library brunt_NAME of the folder's files and its tests.
function(brunt_folder name)
    cmake_parse_arguments(F "" "FRAME" "LIBS;EXCLUDE" ${ARGN})
    if(NOT F_FRAME)
        set(F_FRAME 8192)
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c ${CMAKE_SOURCE_DIR}/src/${name}/*.S)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.c$")
    list(FILTER tests INCLUDE REGEX "_test\\.c$")
    if(F_EXCLUDE)
        list(FILTER sources EXCLUDE REGEX "${F_EXCLUDE}")
    endif()
    if(NOT sources)
        add_library(brunt_${name} INTERFACE)
        target_link_libraries(brunt_${name} INTERFACE brunt_flags ${F_LIBS})
    else()
        add_library(brunt_${name} STATIC ${sources})
        target_link_libraries(brunt_${name} PUBLIC brunt_flags ${F_LIBS})
        target_compile_options(brunt_${name} PRIVATE
            $<$<COMPILE_LANGUAGE:C>:${BRUNT_WARNINGS}>
            $<$<COMPILE_LANGUAGE:C>:-include;${CMAKE_SOURCE_DIR}/src/base/banned.h>)
        if(NOT BRUNT_SANITIZE AND NOT BRUNT_FUZZ)
            target_compile_options(brunt_${name} PRIVATE $<$<COMPILE_LANGUAGE:C>:-Wframe-larger-than=${F_FRAME}>)
        endif()
    endif()
    if(CMOCKA_FOUND AND tests)
        add_custom_target(tests_${name}) # all unit tests of one folder
        foreach(test ${tests})
            brunt_test(${test} brunt_${name})
            get_filename_component(noun ${test} NAME_WE)
            set_tests_properties(${noun} PROPERTIES LABELS "unit;${name}")
            add_dependencies(tests_${name} ${noun})
        endforeach()
    endif()
endfunction()

# brunt_test(FILE LIB ...) makes a cmocka test named after the file.
function(brunt_test file)
    get_filename_component(test ${file} NAME_WE)
    add_executable(${test} ${file})
    target_link_libraries(${test} PRIVATE ${ARGN} PkgConfig::CMOCKA)
    target_compile_options(${test} PRIVATE ${BRUNT_WARNINGS})
    add_test(NAME ${test} COMMAND ${test} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${test} PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

# brunt_test_over_uring(TEST ...) runs unit tests a second time, with loops that use io_uring (loop/test_io.h).
function(brunt_test_over_uring)
    foreach(test ${ARGN})
        if(TARGET ${test})
            add_test(NAME ${test}_io_uring COMMAND ${test} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
            set_tests_properties(${test}_io_uring PROPERTIES TIMEOUT 120 LABELS "unit;io_uring"
                ENVIRONMENT BRUNT_TEST_IO=io_uring SKIP_RETURN_CODE 77)
        endif()
    endforeach()
endfunction()
