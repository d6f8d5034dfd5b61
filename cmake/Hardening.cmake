# What Debian compiles its packages with (dpkg-buildflags, hardening=+all), and no path of the build's folder in what is
# shipped, so that any folder gives the same bytes. For everything below the folder that includes this.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
add_compile_options(-fstack-protector-strong -fcf-protection -Wformat -Werror=format-security -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -Wdate-time
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:--build-id=sha1 LINKER:--as-needed)
