// A library like any other: no plugin at all.
extern "C" int something_else() {
    return 1;
}
