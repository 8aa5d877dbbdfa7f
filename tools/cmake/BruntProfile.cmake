# Profile-guided optimisation of the release binary, as in CPython's --enable-optimizations: the same sources are built
# once with counters (build/release/profile/build), tools/train puts work through that binary, and what it counted
# decides layout and inlining of the real one. It takes 10 to 25 % off the time that our own code and QuickJS need.
#
# BRUNT_PROFILE is what a build does with counts: "" nothing, "use" (trains first), "generate" (the inner build).
# gcc only; where it is another compiler, "use" says so and does nothing.
set(BRUNT_PROFILE "" CACHE STRING "Profile-guided optimisation: empty, use or generate")
set(BRUNT_PROFILE_DIR "${CMAKE_BINARY_DIR}/profile" CACHE PATH "Where the counts are")

if(BRUNT_PROFILE AND NOT (CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL 12))
    message(STATUS "Profile-guided optimisation needs gcc 12 or later: built without")
    set(BRUNT_PROFILE "")
endif()

# Counts are named after object files without the build folder, so that both builds find them.
if(BRUNT_PROFILE STREQUAL "generate")
    target_compile_options(brunt_flags INTERFACE -fprofile-generate=${BRUNT_PROFILE_DIR}/counts
        -fprofile-prefix-path=${CMAKE_BINARY_DIR} -fprofile-update=prefer-atomic)
    target_link_options(brunt_flags INTERFACE -fprofile-generate=${BRUNT_PROFILE_DIR}/counts)
elseif(BRUNT_PROFILE STREQUAL "use")
    # What the training never ran is optimised as ever, not for size.
    target_compile_options(brunt_flags INTERFACE -fprofile-use=${BRUNT_PROFILE_DIR}/counts
        -fprofile-prefix-path=${CMAKE_BINARY_DIR} -fprofile-partial-training -Wno-missing-profile
        -Wno-error=coverage-mismatch)
    set(trained ${BRUNT_PROFILE_DIR}/trained)
    file(GLOB_RECURSE trained_from CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.c ${CMAKE_SOURCE_DIR}/src/*.h
        ${CMAKE_SOURCE_DIR}/src/*.S ${CMAKE_SOURCE_DIR}/src/*.def ${CMAKE_SOURCE_DIR}/tools/train/*)
    list(FILTER trained_from EXCLUDE REGEX "_test\\.c$")
    add_custom_command(
        OUTPUT ${trained}
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${BRUNT_PROFILE_DIR}/counts
        COMMAND ${CMAKE_COMMAND} -S ${CMAKE_SOURCE_DIR} -B ${BRUNT_PROFILE_DIR}/build -G Ninja
            -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER} -DQUICKJS_DIR=${QUICKJS_DIR}
            -DBRUNT_STATIC=${BRUNT_STATIC} -DBRUNT_UI=OFF -DBRUNT_PROFILE=generate -DBRUNT_PROFILE_DIR=${BRUNT_PROFILE_DIR} --log-level=WARNING
        COMMAND ${CMAKE_COMMAND} --build ${BRUNT_PROFILE_DIR}/build --target brunt
        COMMAND ${CMAKE_SOURCE_DIR}/tools/train/train ${BRUNT_PROFILE_DIR}/build/brunt
        COMMAND ${CMAKE_COMMAND} -E touch ${trained}
        DEPENDS ${trained_from}
        COMMENT "Building with counters and training (BRUNT_PROFILE= leaves this out)"
        USES_TERMINAL VERBATIM)
    add_custom_target(brunt_trained DEPENDS ${trained})
    add_dependencies(brunt_flags brunt_trained)
endif()
