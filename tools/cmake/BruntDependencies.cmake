# Finds what the design's table of dependencies names. tools/setup installs all of it on Debian.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# With BRUNT_STATIC, what the system has as an archive becomes part of the program: it starts in half the time (thousands
# of symbols need no looking up) and can be copied to a machine that has none of the libraries.
function(brunt_pkg name module)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
    if(NOT BRUNT_STATIC)
        return()
    endif()
    set(libraries "")
    foreach(library ${${name}_LINK_LIBRARIES} ${ARGN})
        string(REGEX REPLACE "\\.so$" ".a" archive "${library}")
        if(NOT EXISTS "${archive}")
            return()
        endif()
        list(APPEND libraries "${archive}")
    endforeach()
    set_property(TARGET PkgConfig::${name} PROPERTY INTERFACE_LINK_LIBRARIES "${libraries}")
endfunction()

brunt_pkg(OPENSSL "openssl>=3.0")
brunt_pkg(CARES libcares)
brunt_pkg(URING "liburing>=2.3")
brunt_pkg(ZLIB zlib)
pkg_check_modules(BROTLICOMMON REQUIRED libbrotlicommon)
brunt_pkg(BROTLIDEC libbrotlidec ${BROTLICOMMON_LINK_LIBRARIES})
brunt_pkg(BROTLIENC libbrotlienc ${BROTLICOMMON_LINK_LIBRARIES})
brunt_pkg(ZSTD libzstd)
brunt_pkg(JANSSON jansson)
brunt_pkg(SQLITE sqlite3)
pkg_check_modules(MICROHTTPD REQUIRED libmicrohttpd) # for its header; web/web_mhd.c loads it, as sink/snappy.c does libsnappy
pkg_check_modules(CMOCKA IMPORTED_TARGET GLOBAL cmocka)

# quickjs-ng comes as source: -DQUICKJS_DIR, else the Debian package qjs-src, where tools/setup puts it.
if(NOT QUICKJS_DIR)
    foreach(dir ${CMAKE_SOURCE_DIR}/build/deps/usr/src/quickjs-ng /usr/src/quickjs-ng)
        if(EXISTS ${dir}/quickjs.c)
            set(QUICKJS_DIR ${dir} CACHE PATH "Source folder of quickjs-ng" FORCE)
            break()
        endif()
    endforeach()
endif()
if(NOT QUICKJS_DIR)
    include(FetchContent)
    # A commit's name is the hash of all it holds, so what is fetched is what was checked to compile here.
    FetchContent_Declare(quickjs_ng
        GIT_REPOSITORY https://github.com/quickjs-ng/quickjs.git
        GIT_TAG 05b2db95d9b8a088a203950727d1c3459fe0ec47)
    FetchContent_Populate(quickjs_ng)
    set(QUICKJS_DIR ${quickjs_ng_SOURCE_DIR} CACHE PATH "Source folder of quickjs-ng" FORCE)
endif()
