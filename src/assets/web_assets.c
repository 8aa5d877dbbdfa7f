/* The table comes from the build folder, or from web_assets_none.c. */
#include "assets/web_assets.h"

const struct web_asset *web_asset_find(struct str path)
{
    for (size_t i = 0; i < n_web_assets; i++) {
        if (str_is(path, web_assets[i].path))
            return &web_assets[i];
    }
    return NULL;
}
