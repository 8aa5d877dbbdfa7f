# Finds what the design's table of dependencies names. tools/setup installs all of it on Debian.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(brunt_pkg name module)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
endfunction()

brunt_pkg(OPENSSL "openssl>=3.0")
brunt_pkg(CARES libcares)
brunt_pkg(ZLIB zlib)
brunt_pkg(BROTLIDEC libbrotlidec)
brunt_pkg(BROTLIENC libbrotlienc)
brunt_pkg(ZSTD libzstd)
brunt_pkg(JANSSON jansson)
brunt_pkg(MICROHTTPD libmicrohttpd)
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
