# What CPack runs before it packs: zsh of Debian does not look into site-functions under /usr, but
# into vendor-completions.
set(zsh ${CPACK_TEMPORARY_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX}/share/zsh)
file(RENAME ${zsh}/site-functions ${zsh}/vendor-completions)
